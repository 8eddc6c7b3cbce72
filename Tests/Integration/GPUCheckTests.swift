import Foundation
import TestSupport
import Testing

/// `Tools/gpu/check`, as far as it goes without a GPU.
@Suite("the check of a GPU")
struct GPUCheckTests {
    private static let script = Fixtures.checkout.appending(path: "Tools/gpu/check").path

    private struct Found: Decodable {
        struct Part: Decodable {
            struct Report: Decodable {
                struct Step: Decodable {
                    let batch: Int
                    let guided: Bool
                }
                let schema: String?
                let steps: [Step]?
            }
            let name: String
            let status: String
            let reason: String?
            let report: Report?
        }
        let schema: String
        let parts: [Part]
    }

    private func check(_ folder: TemporaryFolder, bin: String, _ arguments: [String]) async throws -> Programs.Outcome {
        try await Programs.run(
            Self.script, ["--device", "cpu", "--small", "--out", folder.url.appending(path: "out").path] + arguments,
            environment: ["SEEHEAR_BIN": bin, "OMP_NUM_THREADS": "1"], limit: 300)
    }

    private func found(_ folder: TemporaryFolder) throws -> Found {
        try JSONDecoder().decode(Found.self, from: Data(contentsOf: folder.url.appending(path: "out/result.json")))
    }

    private func page(_ folder: TemporaryFolder) throws -> String {
        try String(contentsOf: folder.url.appending(path: "out/result.md"), encoding: .utf8)
    }

    @Test("on a CPU it asks the doctor, measures steps, runs the demo's tasks, and makes a page of them")
    func small() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await check(
            folder, bin: Programs.folder.path,
            ["--models", RandomModels.folder.path, "--parts", "doctor,v2a-fp32,demo"])
        #expect(outcome.code == 0, "\(outcome.text)")
        let found = try found(folder)
        #expect(found.schema == "seehear.gpu-check/1")
        #expect(found.parts.map(\.name) == ["doctor", "v2a-fp32", "demo"])
        #expect(found.parts.allSatisfy { $0.status == "done" })
        let steps = try #require(found.parts[1].report?.steps)
        #expect(steps.map(\.batch) == [1, 1, 2, 2] && steps.map(\.guided) == [true, false, true, false])
        let page = try page(folder)
        for text in ["| v2a | fp32 | 2 |", "| audio.vocoder |", "| demo | done |", "no speed"] {
            #expect(page.contains(text), "\(text)")
        }
        let again = try await Programs.run(
            Self.script, ["--table", folder.url.appending(path: "out/result.json").path])
        #expect(again.output == page)
    }

    @Test("a program that outlasts its time is ended, what it reported is kept, and the rest is named as left out")
    func outOfTime() async throws {
        let folder = try TemporaryFolder()
        let report =
            #"{"schema": "seehear.bench/1", "task": "v2a", "precision": "fp32", "memory": "auto", "tf32": false, "graphs": false, "steps": [], "samples": [], "out_of_memory": [16], "ceilings": {"product_flops_per_second": 1e12, "convolution_flops_per_second": 1e12, "memory_bytes_per_second": 1e12, "seconds_per_operation": 1e-6}}"#
        try write(
            """
            #!/bin/sh
            if [ "$1" = bench ]; then
                while [ "$1" != --report ]; do shift; done
                echo '\(report)' >"$2"
                exec sleep 600
            fi
            echo '{"libtorch": {"version": "2.11.0", "instructions": "AVX2", "devices": []}}'

            """, to: "seehear-worker", folder)
        let outcome = try await check(
            folder, bin: folder.url.path, ["--seconds", "12", "--parts", "doctor,v2a-fp32,a2v-fp32"])
        #expect(outcome.code == 1, "\(outcome.text)")
        let found = try found(folder)
        #expect(found.parts.map(\.status) == ["done", "timeout", "skipped"])
        #expect(found.parts[1].report?.schema == "seehear.bench/1")
        #expect(found.parts[2].reason == "no time was left")
        #expect(try page(folder).contains("| v2a | fp32 | 16 | out of memory |"))
    }

    @Test("how busy the driver says that the GPU was, while whole samples were made, stands beside them")
    func utilization() async throws {
        let folder = try TemporaryFolder()
        let report =
            #"{"schema": "seehear.bench/1", "task": "v2a", "precision": "fp32", "memory": "auto", "tf32": true, "graphs": false, "steps": [], "out_of_memory": [], "ceilings": {"product_flops_per_second": 1e12, "convolution_flops_per_second": 1e12, "memory_bytes_per_second": 1e12, "seconds_per_operation": 1e-6}, "samples": [{"batch": 1, "lasts": 8, "steps": 30, "guided_steps": 23, "seconds": 2.5, "peak_bytes": 1000000000, "began": BEGAN, "ended": ENDED}]}"#
        try write(
            """
            #!/bin/sh
            if [ "$1" = bench ]; then
                while [ "$1" != --report ]; do shift; done
                began=$(date +%s)
                sleep 4
                echo '\(report)' | sed "s/BEGAN/$began/; s/ENDED/$(date +%s)/" >"$2"
            else
                echo '{"libtorch": {"version": "2", "instructions": "AVX2", "devices": [], "cuda": {"available": true}}}'
            fi

            """, to: "seehear-worker", folder)
        try write(
            """
            #!/bin/sh
            case "$1" in
            *name*) echo 'A GPU, 580.1, 81559 MiB, 700.00 W' ;;
            *) while echo '97, 20480, 1980'; do sleep 0.2; done ;;
            esac

            """, to: "nvidia-smi", folder)
        let path = "\(folder.url.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
        let outcome = try await Programs.run(
            Self.script,
            [
                "--out", folder.url.appending(path: "out").path, "--models", folder.url.path, "--parts",
                "doctor,v2a-tf32",
            ], environment: ["SEEHEAR_BIN": folder.url.path, "PATH": path])
        #expect(outcome.code == 0, "\(outcome.text)")
        let page = try page(folder)
        #expect(page.contains("| v2a | TF32 | 1 | 8.00 | 30 | 23 | 2.50 | 2.50 | 97 % | 1.00 |"), "\(page)")
        #expect(page.contains("A GPU, 580.1"))
    }

    private func write(_ script: String, to name: String, _ folder: TemporaryFolder) throws {
        let path = try folder.write(script, to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    @Test("where the doctor finds no GPU, nothing more is tried")
    func noGPU() async throws {
        let folder = try TemporaryFolder()
        let doctor =
            #"{"libtorch": {"version": "2.11.0", "instructions": "AVX2", "devices": [], "cuda": {"available": false, "reason": "no driver"}}}"#
        try write("#!/bin/sh\necho '\(doctor)'\n", to: "seehear-worker", folder)
        let outcome = try await check(
            folder, bin: folder.url.path, ["--device", "cuda", "--parts", "doctor,v2a-tf32,demo"])
        #expect(outcome.code == 1, "\(outcome.text)")
        let found = try found(folder)
        #expect(found.parts.map(\.status) == ["failed", "skipped", "skipped"])
        #expect(found.parts[0].reason == "libtorch finds no CUDA device: no driver")
    }

    @Test("a program that is not there, or a part that there is not, is named")
    func absent() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await check(folder, bin: folder.url.path, ["--parts", "doctor"])
        #expect(outcome.code == 1)
        #expect(try found(folder).parts[0].reason == "there is no seehear-worker in \(folder.url.path)")
        let unknown = try await check(folder, bin: folder.url.path, ["--parts", "v2a-fp7"])
        #expect(unknown.code == 1 && unknown.errors.contains("there is no part v2a-fp7"), "\(unknown.text)")
    }

    @Test("the models that it draws have every key and shape of the published ones")
    func publishedDimensions() async throws {
        let folder = try TemporaryFolder()
        let models = folder.url.appending(path: "models").path
        let made = try await Programs.run(
            "python3", [Fixtures.checkout.appending(path: "Tools/gpu/models.py").path, "--out", models, "--empty"])
        try #require(made.code == 0, "\(made.text)")
        let job = folder.url.appending(path: "job.yaml")
        let text = """
            task: joint
            manifest: none
            input_hash: stat
            models:
              audio: models/audioldm
              image: models/sd15
              motion: models/motion_adapter
              binder: models/imagebind
              mm: models/mm/landscape.safetensors
              upscaler: models/mm/landscape_SR.safetensors

            """
        for task in ["joint", "mm"] {
            try text.replacing("task: joint", with: "task: \(task)").write(to: job, atomically: true, encoding: .utf8)
            let checked = try await Programs.run("seehear-worker", ["check-models", job.path])
            #expect(checked.code == 0 && checked.output.isEmpty, "\(task): \(checked.text)")
        }
        let unet = "\(models)/sd15/unet/diffusion_pytorch_model.safetensors"
        let size = try FileManager.default.attributesOfItem(atPath: unet)[.size] as? Int ?? 0
        #expect(size > 859_000_000 * 4 && size < 860_000_000 * 4, "Stable Diffusion's U-Net has 859.5 million weights")
    }

    @Test("the page of the project is the script's, while no GPU has run it")
    func committedPage() async throws {
        let committed = try String(
            contentsOf: Fixtures.checkout.appending(path: "Benchmarks/gpu.md"), encoding: .utf8)
        let outcome = try await Programs.run(Self.script, ["--table"])
        #expect(outcome.code == 0 && outcome.output.contains("No GPU has run it yet"))
        if committed.contains("No GPU has run it yet") { #expect(committed == outcome.output) }
    }
}
