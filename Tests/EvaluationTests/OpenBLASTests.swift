import Testing

@testable import Evaluation

private func cpuinfo(_ vendor: String, _ flags: String) -> String {
    """
    processor\t: 0
    vendor_id\t: \(vendor)
    cpu family\t: 6
    model name\t: Some   CPU @ 2.00GHz
    flags\t\t: fpu \(flags)

    processor\t: 1
    vendor_id\t: Other
    flags\t\t: fpu

    """
}

@Suite struct OpenBLASTests {
    private static let avx512 = "avx avx2 fma avx512f avx512bw avx512dq avx512vl avx512cd"

    @Test(arguments: [
        ("GenuineIntel", avx512 + " avx512_bf16 amx_tile amx_bf16", "SKYLAKEX"), ("AuthenticAMD", avx512, "SKYLAKEX"),
        ("GenuineIntel", "avx avx2 fma", "HASWELL"), ("AuthenticAMD", "avx avx2 fma", "ZEN"),
        // Half of AVX-512, as Knights Landing has it, must not get Skylake's kernels.
        ("GenuineIntel", "avx avx2 fma avx512f avx512cd", "HASWELL"), ("GenuineIntel", "avx avx2", "SANDYBRIDGE"),
        ("GenuineIntel", "sse4_2", "NEHALEM"),
    ])
    func coreTypeFollowsTheFlags(vendor: String, flags: String, expected: String) {
        let processor = OpenBLASProcessor(cpuinfo: cpuinfo(vendor, flags))
        #expect(processor.vendor == vendor)
        #expect(processor.model == "Some CPU @ 2.00GHz")
        #expect(processor.coreType == expected)
    }

    @Test func otherArchitecturesChooseThemselves() {
        let arm = OpenBLASProcessor(cpuinfo: "processor\t: 0\nFeatures\t: fp asimd sve\nCPU part\t: 0xd40\n")
        #expect(arm.coreType == nil)
        #expect(arm.notableFlags == ["asimd", "sve"])
        #expect(OpenBLASProcessor(cpuinfo: "").coreType == nil)
    }

    @Test func libraryTellsWhatItIs() throws {
        let library = try OpenBLAS.shared.get()
        #expect(library.config.hasPrefix("OpenBLAS "))
        #expect(library.version.split(separator: ".").count >= 3)
        #expect(!library.core.isEmpty)
        #expect(library.threads >= 1)
        if let coreType = library.coreType { #expect(library.core.lowercased() == coreType.lowercased()) }
        #expect(OpenBLAS.headerVersion.contains("."))
    }

    @Test func missingOrForeignLibrariesAreNamed() {
        #expect { try OpenBLAS(names: ["libnosuchblas.so.0"], processor: .current) } throws: { error in
            "\(error)".contains("libnosuchblas.so.0") && "\(error)".contains("apt install")
        }
        #expect(throws: OpenBLASError.foreign("libc.so.6")) { try OpenBLAS(names: ["libc.so.6"], processor: .current) }
    }
}
