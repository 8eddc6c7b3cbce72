import Foundation
import Goldens
import TestSupport
import Testing

extension Integration {
    /// Model files that are wrong: found by the plan, before any rank loads one.
    @Suite("Bad checkpoints", .serialized)
    struct BadCheckpointTests {
        /// What is done to the VAE's weights.
        enum Damage: String, CaseIterable, Sendable {
            case missingKey, surplusKey, wrongShape, truncated, headerOfTwoToThe63, noFile

            /// What the message says, beside the file's name.
            var messages: [String] {
                switch self {
                case .missingKey: ["decoder.conv_in.weight"]
                case .surplusKey: ["decoder.unheard_of.weight"]
                case .wrongShape: ["decoder.conv_in.weight", "[8, 24, 3, 3]", "[24, 8, 3, 3]"]
                case .truncated: ["cut off"]
                case .headerOfTwoToThe63: ["header length is 9223372036854775808"]
                case .noFile: ["vae"]
                }
            }

            /// - Parameters:
            ///   - bytes: a sound safetensors file; nil removes it.
            ///   - entries: its tensors.
            func apply(to bytes: Data, of entries: [WeightEntry]) throws -> Data? {
                var entries = entries
                let index = try #require(entries.firstIndex { $0.name == "decoder.conv_in.weight" })
                switch self {
                case .missingKey: entries.remove(at: index)
                case .surplusKey:
                    var copy = entries[index]
                    copy.name = "decoder.unheard_of.weight"
                    entries.append(copy)
                case .wrongShape: entries[index].shape = [8, 24, 3, 3]
                case .truncated: return bytes.prefix(bytes.count / 2)
                case .headerOfTwoToThe63: return Data([0, 0, 0, 0, 0, 0, 0, 0x80]) + bytes.dropFirst(8)
                case .noFile: return nil
                }
                return SafetensorsWriter.data(entries)
            }
        }

        @Test("the plan names file, key and both shapes, and writes nothing", arguments: Damage.allCases)
        func damaged(_ damage: Damage) async throws {
            let shop = try await workshop()
            let models = shop.folder.appending(path: "audioldm")
            try FileManager.default.copyItem(at: RandomModels.folder.appending(path: "audioldm"), to: models)
            let weights = models.appending(path: "vae/diffusion_pytorch_model.safetensors")
            let damaged = try damage.apply(
                to: try Data(contentsOf: weights), of: try WeightEntry.all(of: weights.path))
            try FileManager.default.removeItem(at: weights)
            try damaged?.write(to: weights)
            let job = try shop.writeJob(
                rows: Self.rows, models: "{audio: \(models.path), binder: \(RandomModels.folder.path)/imagebind}")
            for outcome in [
                try await Programs.seehear("plan", job, "--out", shop.path("run")),
                try await Programs.worker([job, "--out", shop.path("run")]),
            ] {
                #expect(outcome.code == 2, "\(outcome.text)")
                #expect(outcome.errors.contains("/vae"), "\(outcome.text)")
                for message in damage.messages { #expect(outcome.errors.contains(message), "\(outcome.text)") }
            }
            #expect(!FileManager.default.fileExists(atPath: shop.path("run")))
        }

        @Test("a pickle that would run code is refused, and nothing of it is run")
        func forbiddenPickle() async throws {
            let shop = try await workshop()
            let binder = Fixtures.url("checkpoint/forbidden.pth").path
            let random = RandomModels.folder.path
            let job = try shop.writeJob(
                rows: Self.rows,
                models:
                    "{audio: \(random)/audioldm, binder: \(binder), vocabulary: \(random)/imagebind/bpe_simple_vocab_16e6.txt.gz}"
            )
            let outcome = try await Programs.seehear("plan", job, "--out", shop.path("run"))
            #expect(outcome.code == 2 && outcome.errors.contains("__builtin__.print"), "\(outcome.text)")
            #expect(!outcome.text.contains("this must never be printed"))
            #expect(!FileManager.default.fileExists(atPath: shop.path("run")))
        }

        @Test(
            "ImageBind as a .pth gives the shards that the same weights give as safetensors, but for the models' hashes"
        )
        func archive() async throws {
            let shop = try await workshop()
            let random = RandomModels.folder.path
            var flacs: [Data] = []
            for file in ["imagebind_huge.safetensors", "imagebind_huge.pth"] {
                let name = file.replacing(".", with: "-")
                let job = try shop.writeJob(
                    name, rows: Self.rows, steps: 2,
                    models: "{audio: \(random)/audioldm, binder: \(random)/imagebind/\(file)}")
                let ran = try await Programs.worker([job, "--out", shop.path("run-\(name)")])
                #expect(ran.code == 0, "\(ran.text)")
                let extracted = try await Programs.seehear(
                    "extract", shop.path("run-\(name)"), "card", "--members", "flac", "-o", shop.path(name))
                #expect(extracted.code == 0, "\(extracted.text)")
                flacs.append(try Data(contentsOf: shop.folder.appending(path: "\(name)/card.flac")))
            }
            #expect(flacs[0] == flacs[1])
        }

        private static let rows = [#"{"id": "card", "video": "card.mp4"}"#]

        private func workshop() async throws -> Workshop {
            let shop = try Workshop()
            try await shop.make(
                "card.mp4", "-f lavfi -i testsrc2=s=96x64:r=12:d=1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p")
            return shop
        }
    }
}
