import TestSupport
import Testing

@testable import Planning

@Suite struct LabelListTests {
    private func read(_ text: String) throws(LabelListError) -> [String] {
        try LabelList(Array(text.utf8), path: "l.txt").labels
    }

    @Test("each line is a label, without the space around it, comments and empty lines")
    func oneALine() throws {
        #expect(
            try read("\u{FEFF}# sounds\r\n a dog barks \r\n\n\t\nrain on a roof\n#end\nkeyboard # typing")
                == ["a dog barks", "rain on a roof", "keyboard # typing"])
    }

    @Test(
        "an empty list, a label that comes twice and a NUL are refused, with their line",
        arguments: [
            ("", "l.txt hold no label"), ("# a\n\n", "hold no label"),
            ("a\nb\n a ", "l.txt:3: `a` is already on line 1"),
            ("a\nb\u{0}", "l.txt:2: it holds a NUL"),
        ])
    func notALabel(text: String, expected: String) {
        #expect { try read(text) } throws: { "\($0)".contains(expected) }
    }

    @Test("bytes that are not UTF-8, too many labels and too large a file are refused")
    func bytesAndSizes() throws {
        #expect { try LabelList([0x61, 0x0A, 0xFF], path: "l.txt") } throws: {
            "\($0)".contains("l.txt:2: it is not valid UTF-8")
        }
        let many = (0...LabelList.maximumCount).map { "\($0)" }.joined(separator: "\n")
        #expect { try read(many) } throws: { "\($0)".contains("at most 100000") }
        #expect { try read(String(repeating: "x", count: LabelList.maximumBytes + 1)) } throws: {
            "\($0)".contains("1000001 bytes")
        }
        #expect { try LabelList(path: "/nowhere/l.txt") } throws: { "\($0)".contains("no such file") }
    }

    @Test("whatever list is accepted after damage has labels, and none twice")
    func fuzz() {
        var mutator = ByteMutator(seed: 21)
        for _ in 0..<2_000 {
            guard let list = try? LabelList(mutator.mutate(Array("# s\na dog\nrain\nwind\n".utf8)), path: "l") else {
                continue
            }
            #expect(!list.labels.isEmpty && Set(list.labels).count == list.labels.count)
        }
    }
}
