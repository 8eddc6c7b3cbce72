internal import Engine
internal import Glibc
internal import Goldens
internal import Parity
internal import Torch

/// Memory that runs out: said to be that, in an operation of its own and in the middle of a batch; and what is asked for next, when
/// there is memory again, is made as before.
struct MemoryPart {
    let setting: SelfTestSetting

    /// Samples that cannot be made together in what is left.
    private static let tooMany = 24

    func run(_ tell: SelfTestSink) throws {
        let models = ParityModels(setting.models, device: setting.device)
        let run = FreeRun.sound
        let pipeline = try run.pipeline(models)
        let request = try run.request(setting.data)
        let before = try pipeline.generate([request], run.settings).first
        let shortage = Shortage(device: setting.device)
        try shortage.begin()
        do {
            defer { shortage.end() }
            try tell(provoke("one tensor that does not fit") { try shortage.askForTooMuch() })
            try tell(
                provoke("a batch that does not fit") {
                    _ = try pipeline.generate(Array(repeating: request, count: Self.tooMany), run.settings)
                })
        }
        let after = try pipeline.generate([request], run.settings).first
        let equal = before.map(ResultBits.init) == after.map(ResultBits.init) && before != nil
        var check = SelfTestCheck(
            "the next request", equal ? .passed : .failed,
            note: equal ? "every bit is as before" : "bits differ from before")
        check.precision = "fp32"
        try tell(check)
    }

    private func provoke(_ name: String, _ body: () throws -> Void) -> SelfTestCheck {
        do {
            try body()
            return SelfTestCheck(name, .failed, note: "it fitted: memory did not run out")
        } catch let error as TorchError where error.isOutOfMemory {
            return SelfTestCheck(name, .passed, note: "refused as out of memory")
        } catch {
            return SelfTestCheck(name, .failed, note: "refused, but not as out of memory: \(error)")
        }
    }
}

/// A time in which memory is short: on a CUDA device because all of it is taken, on the host because this process may have no more
/// addresses.
private final class Shortage {
    private let device: Device
    private var ballast: [Tensor] = []
    private var limit = rlimit()

    /// Bytes of addresses that this process gets beyond those that it has.
    private static let headroom: UInt = 96 << 20
    /// Less than this is left, which the driver may want for itself.
    private static let smallest = 1 << 25
    private static let largest = 1 << 32

    init(device: Device) { self.device = device }

    func begin() throws {
        switch device {
        case .cuda:
            try TorchRuntime.emptyCache()
            var size = Self.largest
            while size >= Self.smallest {
                do throws(TorchError) {
                    ballast.append(try Tensor.zeros([size], dtype: .uint8, device: device))
                } catch {
                    guard error.isOutOfMemory else { throw error }
                    size /= 4
                }
            }
        case .cpu:
            getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
            var lower = limit
            lower.rlim_cur = min(limit.rlim_max, try ownAddresses() + Self.headroom)
            setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &lower)
        }
    }

    /// Several times what there is.
    func askForTooMuch() throws {
        let tensor = try Tensor.zeros([64 * Self.largest], dtype: .uint8, device: device)
        ballast.append(tensor)
    }

    func end() {
        ballast = []
        switch device {
        case .cuda: try? TorchRuntime.emptyCache()
        case .cpu: setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        }
    }

    /// Bytes of addresses that this process has.
    private func ownAddresses() throws -> UInt {
        guard let file = fopen("/proc/self/statm", "r") else { throw NoSize() }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 256)
        guard fgets(&buffer, 255, file) != nil else { throw NoSize() }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let pages = text.split(separator: " ").first.flatMap({ UInt($0) }) else { throw NoSize() }
        return pages * UInt(sysconf(Int32(_SC_PAGESIZE)))
    }

    private struct NoSize: Error, CustomStringConvertible {
        var description: String { "/proc/self/statm does not say how many addresses this process has" }
    }
}
