import Foundation
import TestSupport
import Testing

extension Integration {
    /// What a bundle is made with, without making one: `Tools/bundle/test` does.
    @Suite("Bundle parts")
    struct BundleTests {
        private static let tools = Fixtures.checkout.appending(path: "Tools/bundle")

        /// A bundle whose workers say what they were started with, and libtorches that are names alone.
        private func bundle() throws -> TemporaryFolder {
            let folder = try TemporaryFolder()
            let start = try String(contentsOf: Self.tools.appending(path: "start"), encoding: .utf8)
            try folder.write(start, to: "a bundle/libexec/start")
            for version in ["2.11", "2.9"] {
                try folder.write(
                    "#!/bin/sh\n[ \"$1\" != --version ] || exit \(version == "2.9" ? 0 : 127)\n"
                        + "echo \"\(version) $1 $LD_LIBRARY_PATH\"\n",
                    to: "a bundle/libexec/torch-\(version)/seehear-worker")
            }
            for file in ["start", "torch-2.11/seehear-worker", "torch-2.9/seehear-worker"] {
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o755], ofItemAtPath: "\(folder.path)/a bundle/libexec/\(file)")
            }
            for name in ["seehear-worker", "other"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder.path)/bin", withIntermediateDirectories: true)
                try FileManager.default.createSymbolicLink(
                    atPath: "\(folder.path)/bin/\(name)", withDestinationPath: "../a bundle/libexec/start")
            }
            for (name, version) in [
                "2.11": "2.11.0+cu130", "2.9": "2.9.1", "2.10": "2.10.0", "2.8": "2.8.1", "1.13": "1.13.1+cpu",
                "2.90": "2.90.0", "unsaid": nil,
            ] {
                try folder.write("", to: "\(name)/lib/libtorch_cpu.so")
                if let version { try folder.write("\(version)\n", to: "\(name)/build-version") }
            }
            return folder
        }

        private func start(_ folder: TemporaryFolder, _ environment: [String: String]) async throws -> Programs.Outcome
        {
            let variables = ["LIBTORCH": "", "LD_LIBRARY_PATH": "/theirs"].merging(environment) { $1 }
            return try await Programs.run("\(folder.path)/bin/seehear-worker", ["RUN"], environment: variables)
        }

        @Test("the worker for the libtorch that is there is started, with that libtorch's folder first")
        func workerFits() async throws {
            let folder = try bundle()
            // One that states no version gets the first worker that the loader takes.
            for (name, worker) in ["2.11": "2.11", "2.9": "2.9", "unsaid": "2.9"] {
                let outcome = try await start(folder, ["LIBTORCH": "\(folder.path)/\(name)"])
                #expect(outcome.output == "\(worker) RUN \(folder.path)/\(name)/lib:/theirs\n", "\(outcome.text)")
            }
        }

        @Test("the torch of python3 is found by its place, and is not imported")
        func pythonTorch() async throws {
            let folder = try bundle()
            try folder.write("raise SystemExit('imported')\n", to: "python/torch/__init__.py")
            try folder.write("__version__ = '2.9.1+cu128'\n", to: "python/torch/version.py")
            let python = ["PYTHONPATH": "\(folder.path)/python"]
            let hollow = try await start(folder, python)
            #expect(
                hollow.code == 1 && hollow.errors.contains("has no \(folder.path)/python/torch/lib/"), "\(hollow.text)")
            try folder.write("", to: "python/torch/lib/libtorch_cpu.so")
            let outcome = try await start(folder, python)
            #expect(outcome.output == "2.9 RUN \(folder.path)/python/torch/lib:/theirs\n", "\(outcome.text)")
        }

        @Test(
            "a libtorch that will not do is refused, with what to do",
            arguments: [
                ("2.8", "version 2.8.1, and seehear needs 2.9 or newer"),
                ("1.13", "version 1.13.1+cpu, and seehear needs 2.9"),
                ("2.10", "version 2.10.0, and this bundle has workers for libtorch 2.11, 2.9"),
                ("2.90", "version 2.90.0, and this bundle has workers for"),
                ("none", "there is no lib/libtorch_cpu.so in it"),
            ])
        func refused(name: String, words: String) async throws {
            let folder = try bundle()
            let outcome = try await start(folder, ["LIBTORCH": "\(folder.path)/\(name)"])
            #expect(outcome.code == 1 && outcome.output.isEmpty, "\(outcome.text)")
            #expect(outcome.errors.hasPrefix("seehear-worker: LIBTORCH is \(folder.path)/\(name)"), "\(outcome.text)")
            #expect(outcome.errors.contains(words) && outcome.errors.contains("set LIBTORCH to"), "\(outcome.text)")
        }

        @Test("a name that is no program of the bundle is refused")
        func otherName() async throws {
            let folder = try bundle()
            let outcome = try await Programs.run("\(folder.path)/bin/other", [])
            #expect(outcome.code == 1 && outcome.errors.contains("this bundle has no program other"), "\(outcome.text)")
        }

        @Test(
            "a library that stands in has the versions that are looked for, answers what it is told to, and refuses the rest"
        )
        func standsIn() async throws {
            let folder = try TemporaryFolder()
            try folder.write("int asked(void) { return 1; } int called(void) { return 2; } int spare;", to: "far.c")
            try folder.write("FAR_1 { global: asked; called; }; FAR_2 { global: spare; };", to: "far.map")
            try folder.write(
                "extern int asked(void), called(void), spare; int near(int n) { return n ? called() : asked() + spare; }",
                to: "near.c")
            let script = """
                set -e; cd "$1"; shared="clang -shared -fPIC -fuse-ld=lld"
                $shared far.c -Wl,--version-script,far.map -Wl,-soname,libfar.so.1 -o libfar.so.1
                $shared near.c libfar.so.1 -Wl,-z,now -o libnear.so; mkdir made work
                python3 -c 'import pathlib, sys; sys.path.insert(0, sys.argv[1])
                import elf, stand_ins; here = pathlib.Path(".")
                stand_ins.make("libfar.so.1", here / "libfar.so.1", [elf.Elf(here / "libnear.so")], {"asked"}, here / "made", here / "work")' "$2"
                ln -s stand-in-libfar.so.1 made/libfar.so.1; export LD_LIBRARY_PATH=$PWD/made
                python3 -c 'import ctypes; print(ctypes.CDLL("./libnear.so").near(0))'
                python3 -c 'import ctypes; ctypes.CDLL("./libnear.so").near(1)'
                """
            let outcome = try await Programs.run("bash", ["-c", script, "bash", folder.path, Self.tools.path])
            #expect(outcome.output == "0\n", "\(outcome.text)")
            #expect(outcome.code != 0)
            #expect(
                outcome.errors.contains("seehear: called was called, of libfar.so.1, which is not in the bundle"),
                "\(outcome.text)")
        }
    }
}
