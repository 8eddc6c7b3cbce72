internal import ArgumentParser
internal import Foundation
package import Planning

/// The run directory that a command looks at.
package struct RunArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The run directory.", valueName: "run"), completion: .directory)
    var path: String

    package init() {}

    /// The directory, which has to hold a run.
    /// - Throws: `RunError`.
    package var directory: RunDirectory {
        get throws(RunError) {
            let directory = RunDirectory(URL(filePath: path, directoryHint: .isDirectory))
            _ = try Run.describe(directory)
            return directory
        }
    }
}
