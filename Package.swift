// swift-tools-version: 6.2
import PackageDescription

// libtorch has no pkg-config file and no fixed place: LIBTORCH names a folder with `include` and `lib`, by default the
// one that bootstrap.sh unpacks beside this manifest. The library is found again at run time through the rpath, or
// through LD_LIBRARY_PATH where a node keeps it elsewhere.
let libtorch = Context.environment["LIBTORCH"] ?? "\(Context.packageDirectory)/.libtorch"
let warningsAreErrors = Context.environment["CI"] != nil

let swift: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
    ]
    + ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility"].map { .enableUpcomingFeature($0) }
    + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

let torchInclude: [CXXSetting] = [
    .unsafeFlags([
        "-isystem", "\(libtorch)/include", "-isystem", "\(libtorch)/include/torch/csrc/api/include",
        "-fvisibility=hidden", "-Wall", "-O2",
    ]),
    // As libtorch itself was compiled: the layout of at::RecordFunction depends on it.
    .define("NDEBUG"),
]
let torchLink: [LinkerSetting] = [
    .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
    .linkedLibrary("torch_cpu"), .linkedLibrary("c10"), .linkedLibrary("stdc++"),
]

// Optimized in debug builds too; without contracted products, so that every processor computes the same bits.
let arithmetic: [CSetting] = [
    .unsafeFlags(["-O2", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden", "-Wall", "-Wextra"])
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func library(_ name: String, _ dependencies: [Target.Dependency], linkerSettings: [LinkerSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift, linkerSettings: linkerSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)", swiftSettings: swift)
}

let package = Package(
    name: "seehear",
    products: [
        .executable(name: "seehear", targets: ["seehear"]),
        .executable(name: "seehear-worker", targets: ["seehear-worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // One C face for each library.
        .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
        .systemLibrary(
            name: "CAV", pkgConfig: "libavformat",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libswscale-dev", "libswresample-dev"])]),
        .systemLibrary(name: "CSndfile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
        .target(name: "CTorch", cxxSettings: torchInclude, linkerSettings: torchLink),
        .target(name: "CFarneback", cSettings: arithmetic, linkerSettings: [.linkedLibrary("m")]),

        // Modules; every arrow goes one way.
        library("JSON", []),
        library("Files", ["CCrypto"]),
        library("Threads", ["Files"]),
        library("Processes", ["CLinux", "Files"]),
        library("ClipSampling", []),
        library("Method", ["ClipSampling"]),
        library("MelScale", []),
        library("Checkpoint", ["JSON", "Files", "Method"]),
        library("Torch", ["CTorch", "Checkpoint"]),
        library("Networks", ["Torch", "Checkpoint", "JSON", "ClipSampling", "Method", "MelScale", "Files"]),
        library("Engine", ["Networks", "Torch", "Checkpoint", "ClipSampling", "Method", "Files"]),
        library("Goldens", ["Torch", "Checkpoint", "JSON", "Files"]),
        library(
            "Parity", ["Goldens", "Engine", "Networks", "Torch", "Checkpoint", "ClipSampling", "Method"]),
        library("CaptionServer", ["JSON", "Method"]),
        library("Media", ["CAV", "CSndfile", "ClipSampling", "Files"]),
        library("AVAlign", ["CFarneback", "Media", "ClipSampling", "Method", "MelScale"]),
        library("Shard", ["JSON", "CZstd", "Files"]),
        library("Evaluation", ["COpenBLAS"]),
        library("Planning", ["Method", "Shard", "ClipSampling", "JSON", "Files", yams]),
        library("Scoring", ["Evaluation", "AVAlign", "Planning", "Shard", "Method", "JSON", "Files"]),
        library(
            "Report",
            ["AVAlign", "Scoring", "Planning", "Shard", "Media", "Method", "ClipSampling", "JSON", "Files"]),
        library("Export", ["Planning", "Media", "ClipSampling", "JSON", "Files"]),
        library("Launch", ["Planning", "Processes", "Threads", "Files"]),
        library("Coordinator", ["Planning", "Method", "Shard", "JSON", "Processes", "Threads", "Files", log]),
        library("MPI", ["CMPI", "Coordinator", "Threads", "Files"]),
        library(
            "Preflight",
            [
                "Planning", "Method", "Shard", "Media", "ClipSampling", "Checkpoint", "JSON", "Processes", "Threads",
                "Files", yams,
            ]),
        library(
            "Worker",
            [
                "AVAlign", "CaptionServer", "Coordinator", "Planning", "Preflight", "Shard", "Engine", "Networks",
                "Method", "Torch", "Checkpoint", "Media", "ClipSampling", "JSON", "Threads", "Files", log,
            ]),
        library(
            "SelfTest",
            [
                "Parity", "Goldens", "Engine", "Torch", "ClipSampling", "Method", "Planning", "Shard", "JSON",
                "Processes", "Files",
            ]),
        library("Arguments", ["Planning", "Method", argumentParser]),

        .executableTarget(
            name: "seehear",
            dependencies: [
                "Arguments", "Planning", "Preflight", "Launch", "Method", "Shard", "Media", "ClipSampling", "JSON",
                "Processes", "Files", "Evaluation", "Scoring", "Export", "Report", argumentParser,
            ],
            swiftSettings: swift),
        .executableTarget(
            name: "seehear-worker",
            dependencies: [
                "Arguments", "Worker", "Scoring", "SelfTest", "MPI", "Torch", "Processes", "Coordinator", "Preflight",
                "Planning", "Method", "JSON",
                "Threads", "Files", argumentParser,
            ],
            swiftSettings: swift),

        // One body of checks for every transport, and the program that mpirun runs it in.
        .target(
            name: "TransportContract", dependencies: ["Coordinator", log], path: "Tests/TransportContract",
            swiftSettings: swift),
        .executableTarget(
            name: "mpi-transport-check", dependencies: ["MPI", "TransportContract"],
            path: "Tests/MPITransportCheck", swiftSettings: swift),
        // The same for a process that is joined to the tests by pipes.
        .executableTarget(
            name: "pipe-transport-check", dependencies: ["Coordinator", "TransportContract"],
            path: "Tests/PipeTransportCheck", swiftSettings: swift),
        // Everything of seehear-worker but the models: for faults by the hundred.
        .executableTarget(
            name: "seehear-simulated-worker",
            dependencies: ["Worker", "MPI", "Coordinator", "Planning", "Method", "Shard", "Files", "TestSupport", log],
            path: "Tests/SimulatedWorker", swiftSettings: swift),
        // AV-Align of a clip and its parts, for tests and benchmarks that have OpenCV and soxr do the same.
        .executableTarget(
            name: "av-align-check", dependencies: ["AVAlign", "Media", "ClipSampling", "Method"],
            path: "Tests/AVAlignCheck",
            swiftSettings: swift),
        .target(
            name: "TestSupport", dependencies: ["Goldens", "Planning", "Method", "Torch"], path: "Tests/TestSupport",
            swiftSettings: swift),
        .executableTarget(
            name: "random-models", dependencies: ["TestSupport"], path: "Tests/RandomModels", swiftSettings: swift),
        tests("TestSupportTests", []),
        tests("GoldensTests", ["Goldens", "Torch"]),
        tests("JSONTests", ["JSON"]),
        tests("FilesTests", ["Files"]),
        tests("ThreadsTests", ["Threads"]),
        tests("ProcessesTests", ["Processes"]),
        tests("MethodTests", ["Method"]),
        tests("CheckpointTests", ["Checkpoint", "JSON", "Files"]),
        tests("TorchTests", ["Goldens", "Torch"]),
        tests("CaptionServerTests", ["CaptionServer", "Method"]),
        tests("MediaTests", ["Media", "ClipSampling"]),
        tests("ShardTests", ["Shard", "Files"]),
        tests(
            "NetworksTests",
            ["Parity", "Goldens", "Networks", "Method", "ClipSampling", "Torch", "Checkpoint", "JSON", "Files"]),
        tests(
            "EngineTests",
            ["Parity", "Goldens", "Engine", "Networks", "Method", "ClipSampling", "Torch", "Checkpoint"]),
        tests("PlanningTests", ["Planning", "Method", "Shard", "JSON", "Files"]),
        tests(
            "CoordinatorTests",
            [
                "Coordinator", "Planning", "Method", "Shard", "Processes", "Threads", "Files", "TransportContract",
                "pipe-transport-check", log,
            ]),
        tests("MPITests", ["MPI", "mpi-transport-check"]),
        tests("LaunchTests", ["Launch", "Processes"]),
        tests("PreflightTests", ["Preflight", "Planning", "Method", "Processes"]),
        tests(
            "WorkerTests",
            [
                "Worker", "CaptionServer", "Coordinator", "Planning", "Preflight", "Method", "Shard", "Engine", "Torch",
                "ClipSampling", "Files", log,
            ]),
        tests("EvaluationTests", ["Evaluation"]),
        tests("ExportTests", ["Export", "Planning", "Media", "ClipSampling", "Method", "Shard", "Files"]),
        tests("ReportTests", ["Report", "Media", "ClipSampling", "JSON"]),
        tests("ScoringTests", ["Scoring", "Evaluation", "Method", "Shard", "JSON", "Files"]),
        tests("AVAlignTests", ["AVAlign", "Method", "ClipSampling"]),
        tests("SelfTestTests", ["SelfTest", "Goldens", "Torch"]),
        .testTarget(
            name: "Integration",
            dependencies: [
                "TestSupport", "Goldens", "Networks", "Scoring", "Method", "Shard", "JSON", "Files",
                "seehear-simulated-worker",
                "av-align-check",
            ],
            path: "Tests/Integration",
            exclude: [
                "av_align.py", "caption_stand_in.py", "features.py", "judge_scenes.py", "read_shards.py", "terminal.py",
                "whisper_vocabulary.py",
            ],
            swiftSettings: swift),
    ],
    cxxLanguageStandard: .cxx20
)
