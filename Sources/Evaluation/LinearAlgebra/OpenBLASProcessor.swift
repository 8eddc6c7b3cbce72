/// What `/proc/cpuinfo` says about the processor, as far as the choice of kernels needs it.
package struct OpenBLASProcessor: Sendable, Equatable {
    /// `GenuineIntel`, `AuthenticAMD`, …; empty where the file does not tell, as on ARM.
    package let vendor: String
    /// The marketing name.
    package let model: String
    /// Instruction sets by their Linux names: `avx2`, `avx512f`, …
    package let flags: Set<String>

    /// Reads the text of `/proc/cpuinfo`; the first processor speaks for all.
    package init(cpuinfo: String) {
        func value(_ name: String) -> String? {
            for line in cpuinfo.split(separator: "\n") {
                guard let colon = line.firstIndex(of: ":") else { continue }
                let key = line[..<colon].split(whereSeparator: \.isWhitespace).joined(separator: " ")
                if key == name {
                    return line[line.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(
                        separator: " ")
                }
            }
            return nil
        }
        vendor = value("vendor_id") ?? ""
        model = value("model name") ?? value("CPU part") ?? "unknown"
        flags = Set((value("flags") ?? value("Features") ?? "").split(separator: " ").map(String.init))
    }

    /// The instruction sets that decide about speed here, as far as the processor has them.
    package var notableFlags: [String] {
        ["avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile", "asimd", "sve"].filter(flags.contains)
    }

    /// OpenBLAS's name for the kernels that fit, or nil to leave the choice to it.
    ///
    /// Debian's OpenBLAS 0.3.21 goes by family and model numbers, does not know recent Xeons, and under virtualisation
    /// falls back to kernels of 2004; flags cannot be wrong in that way. A name is chosen only where all instructions of
    /// its kernels are there.
    package var coreType: String? {
        func has(_ names: String...) -> Bool { names.allSatisfy(flags.contains) }
        if has("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd", "avx2", "fma") { return "SKYLAKEX" }
        if has("avx2", "fma") { return vendor == "AuthenticAMD" || vendor == "HygonGenuine" ? "ZEN" : "HASWELL" }
        if has("avx") { return "SANDYBRIDGE" }
        if has("sse4_2") { return "NEHALEM" }
        return nil
    }
}
