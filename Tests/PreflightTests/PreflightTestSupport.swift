import Foundation
import Planning
import Synchronization

@testable import Preflight

/// Answers by the file's name, and counts.
final class FakeInputs: InputProbe {
    private let answers: [String: ProbedInput]
    private let counts = Mutex<[String: Int]>([:])

    static let clip = ProbedInput(
        duration: 10.01, audioDuration: 10.01, width: 640, height: 360, hasAudio: true, isImage: false)

    init(_ answers: [String: ProbedInput]) { self.answers = answers }

    func probe(_ path: String) throws(InputProbeError) -> ProbedInput {
        let name = URL(filePath: path).lastPathComponent
        counts.withLock { $0[name, default: 0] += 1 }
        guard let answer = answers[name] else {
            throw InputProbeError(kind: "notFound", found: "No such file or directory", remedy: "check the path")
        }
        return answer
    }

    /// How often a file was looked at.
    func count(_ name: String) -> Int { counts.withLock { $0[name] ?? 0 } }
}

/// Gives one answer.
struct FakeModels: ModelProbe {
    var answer = ModelInspection(models: [ModelIdentity(role: "audio", path: "/m", files: [])])

    func inspect(_ job: Job) -> ModelInspection { answer }
}
