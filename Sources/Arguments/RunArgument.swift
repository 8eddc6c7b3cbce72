internal import ArgumentParser
internal import Foundation
package import Planning

/// The run directory that a command looks at.
package struct RunArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The run directory.", valueName: "run"), completion: .directory)
    var path: String

    package init() {}

    /// The directory, which may hold no run.
    package var directory: RunDirectory { RunDirectory(URL(filePath: path, directoryHint: .isDirectory)) }
}
