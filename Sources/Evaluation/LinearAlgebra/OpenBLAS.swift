import COpenBLAS
import Glibc

/// OpenBLAS, opened at run time: it reads `OPENBLAS_CORETYPE` once, while it loads, so the choice has to come before.
package struct OpenBLAS: Sendable {
    /// The version, as `openblas_get_config` states it: `0.3.21`.
    package let version: String
    /// All that `openblas_get_config` states: `OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY SkylakeX MAX_THREADS=64`.
    package let config: String
    /// The kernels in use, in OpenBLAS's words.
    package let core: String
    /// `OPENBLAS_CORETYPE` as it stood when the library loaded; nil where OpenBLAS chose by itself.
    package let coreType: String?
    /// Whether the user, and not this program, chose ``coreType``.
    package let isUsersChoice: Bool
    /// Threads that it uses.
    package let threads: Int
    /// The name under which the library was found.
    package let name: String
    let functions: OpenBLASFunctions

    /// Names under which the library is installed.
    package static let names = ["libopenblas.so.0", "libopenblas.so", "libopenblaso.so.0", "libopenblasp.so.0"]

    /// The library, loaded at the first use; every later use gets the same.
    package static let shared: Result<OpenBLAS, OpenBLASError> = {
        do throws(OpenBLASError) {
            return .success(try OpenBLAS(names: names, processor: .current))
        } catch {
            return .failure(error)
        }
    }()

    /// Chooses the kernels and loads the library.
    /// - Throws: ``OpenBLASError``.
    init(names: [String], processor: OpenBLASProcessor) throws(OpenBLASError) {
        let chosen = getenv("OPENBLAS_CORETYPE").map { String(cString: $0) }
        isUsersChoice = !(chosen ?? "").isEmpty
        coreType = isUsersChoice ? chosen : processor.coreType
        if let coreType, !isUsersChoice { setenv("OPENBLAS_CORETYPE", coreType, 1) }

        var reasons: [String] = []
        var found: (name: String, handle: UnsafeMutableRawPointer)?
        for name in names where found == nil {
            // Deep: LAPACK inside calls BLAS by name, and a program may have another library with the same names.
            if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) {
                found = (name, handle)
            } else {
                reasons.append(dlerror().map { String(cString: $0) } ?? name)
            }
        }
        guard let (name, handle) = found else { throw .notFound(reasons) }
        self.name = name
        // The library stays loaded: its threads cannot be taken down safely.
        typealias Text = @convention(c) () -> UnsafePointer<CChar>?
        typealias Count = @convention(c) () -> CInt
        guard let config = dlsym(handle, "openblas_get_config"), let core = dlsym(handle, "openblas_get_corename"),
            let threads = dlsym(handle, "openblas_get_num_threads"), let functions = OpenBLASFunctions(handle)
        else { throw .foreign(name) }
        self.functions = functions
        func text(_ symbol: UnsafeMutableRawPointer) -> String {
            unsafeBitCast(symbol, to: Text.self)().map { String(cString: $0) } ?? ""
        }
        self.config = text(config).split(separator: " ").joined(separator: " ")
        self.core = text(core)
        self.threads = Int(unsafeBitCast(threads, to: Count.self)())
        let words = self.config.split(separator: " ")
        version = words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : "unknown"
    }

    /// The version whose headers this program was built with.
    package static var headerVersion: String {
        OPENBLAS_VERSION.split(separator: " ").dropFirst().first.map(String.init) ?? "unknown"
    }
}

extension OpenBLASProcessor {
    /// This machine's processor.
    package static var current: OpenBLASProcessor {
        var text: [UInt8] = []
        if let file = fopen("/proc/cpuinfo", "r") {
            defer { fclose(file) }
            var piece = [UInt8](repeating: 0, count: 65_536)
            // One processor's entry is enough; machines of hundreds list as many.
            let count = fread(&piece, 1, piece.count, file)
            text = Array(piece.prefix(count))
        }
        return OpenBLASProcessor(cpuinfo: String(decoding: text, as: UTF8.self))
    }
}

/// Why OpenBLAS cannot be used.
package enum OpenBLASError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No file of any of the names can be loaded; the loader's words.
    case notFound([String])
    /// The library lacks OpenBLAS's own functions.
    case foreign(String)

    package var description: String {
        switch self {
        case .notFound(let reasons):
            "OpenBLAS is not found (\(reasons.first ?? "no name to try")); install it: apt install libopenblas0"
        case .foreign(let name): "the library found as \(name) is not OpenBLAS; install it: apt install libopenblas0"
        }
    }
}
