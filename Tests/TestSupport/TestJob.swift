package import Planning

/// A job for tests, with settings of the command line.
package func testJob(_ overrides: String..., folder: String = "/data") throws -> Job {
    try JobFile.resolve(
        "task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, image: e/f, motion: g/h, binder: c/d}\n",
        path: "\(folder)/job.yaml",
        overrides: overrides)
}
