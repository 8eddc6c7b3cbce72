package import ArgumentParser

/// A job file, and what the command line changes in it.
package struct JobArguments: ParsableArguments {
    @Argument(help: "The job file.", completion: .file(extensions: ["yaml", "yml", "json"]))
    package var job: String

    @OptionGroup var settings: SettingOverrides

    package init() {}

    /// The settings that win over the file's.
    package var overrides: [String] { settings.overrides }
}

/// Settings that win over a job file.
package struct SettingOverrides: ParsableArguments {
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("A setting that wins over the job file, such as sampling.steps=10.", valueName: "key=value"))
    package var overrides: [String] = []

    package init() {}
}
