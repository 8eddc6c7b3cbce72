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
    ])
]
let torchLink: [LinkerSetting] = [
    .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
    .linkedLibrary("torch_cpu"), .linkedLibrary("c10"), .linkedLibrary("stdc++"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

func library(_ name: String, _ dependencies: [Target.Dependency], linkerSettings: [LinkerSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift, linkerSettings: linkerSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: swift)
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
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
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
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
        .target(name: "CTorch", cxxSettings: torchInclude, linkerSettings: torchLink),

        // Modules; every arrow goes one way.
        library("JSON", []),
        library("Checkpoint", ["JSON"]),
        library("Torch", ["CTorch", "Checkpoint"]),
        library("ClipSampling", []),
        library("Media", ["CAV", "CSndfile", "ClipSampling"]),
        library("Shard", ["JSON", "CZstd", crypto]),
        library("Engine", ["Torch", "Checkpoint", "JSON", "ClipSampling"]),
        library("Coordinator", ["Shard", "JSON", yams, log, crypto]),
        library("MPI", ["CMPI", "Coordinator"]),
        library("Preflight", ["Coordinator", "Shard", "Media", "ClipSampling", "Checkpoint", "JSON", yams, crypto]),
        library(
            "Worker",
            [
                "Coordinator", "Preflight", "Shard", "Engine", "Torch", "Checkpoint", "Media", "ClipSampling", "JSON",
                log,
            ]),
        library("Evaluation", ["COpenBLAS"]),

        .executableTarget(
            name: "seehear",
            dependencies: [
                "Coordinator", "Preflight", "Shard", "Media", "ClipSampling", "JSON", "Evaluation", argumentParser, log,
            ],
            swiftSettings: swift),
        .executableTarget(
            name: "seehear-worker",
            dependencies: ["Worker", "MPI", "Torch", "Coordinator", "JSON", argumentParser, log],
            swiftSettings: swift),

        // One body of checks for every transport, and the program that mpirun runs it in.
        .target(
            name: "TransportContract", dependencies: ["Coordinator", log], path: "Tests/TransportContract",
            swiftSettings: swift),
        .executableTarget(
            name: "mpi-transport-check", dependencies: ["MPI", "Coordinator", "TransportContract"],
            path: "Tests/MPITransportCheck", swiftSettings: swift),
        // The same for a process that is joined to the tests by pipes.
        .executableTarget(
            name: "pipe-transport-check", dependencies: ["Coordinator", "TransportContract"],
            path: "Tests/PipeTransportCheck", swiftSettings: swift),
        // Everything of seehear-worker but the models: for faults by the hundred.
        .executableTarget(
            name: "seehear-simulated-worker", dependencies: ["Worker", "MPI", "Coordinator", "Shard", "Fixtures", log],
            path: "Tests/SimulatedWorker", swiftSettings: swift),
        .target(name: "Fixtures", path: "Tests/Fixtures", exclude: ["Data"], swiftSettings: swift),
        tests("JSONTests", ["JSON", "Fixtures"]),
        tests("CheckpointTests", ["Checkpoint", "JSON", "Fixtures"]),
        tests("TorchTests", ["Torch", "Fixtures"]),
        tests("MediaTests", ["Media", "ClipSampling", "Fixtures"]),
        tests("ShardTests", ["Shard", "Fixtures"]),
        tests("EngineTests", ["Engine", "ClipSampling", "Torch", "Checkpoint", "JSON", "Fixtures"]),
        tests(
            "CoordinatorTests",
            ["Coordinator", "Shard", "JSON", "Fixtures", "TransportContract", "pipe-transport-check", log]),
        tests("MPITests", ["MPI", "Coordinator", "Fixtures", "mpi-transport-check"]),
        tests("PreflightTests", ["Preflight", "Coordinator", "Fixtures"]),
        tests("WorkerTests", ["Worker", "Coordinator", "Shard", "Engine", "Torch", "Fixtures", log]),
        tests("EvaluationTests", ["Evaluation", "Fixtures"]),
        .testTarget(
            name: "Integration", dependencies: ["Fixtures", "Shard", "seehear-simulated-worker"],
            path: "Tests/Integration",
            exclude: ["judge_scenes.py", "read_shards.py"],
            swiftSettings: swift),
    ],
    cxxLanguageStandard: .cxx20
)
