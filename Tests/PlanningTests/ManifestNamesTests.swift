import TestSupport
import Testing

@testable import Planning

@Suite struct ManifestNamesTests {
    private func names(_ text: String, _ path: String = "list.csv") throws -> [ManifestNames.Row] {
        try ManifestNames(ManifestWindow(Array(text.utf8)), path: path).rows
    }

    @Test("rows are named by their id, or else by their file, as it is and as the key that a run makes of it")
    func named() throws {
        let table = try names("id,video,other\na.b,x.mp4,\n,v/my clip.v2.mp4,\"1\n2\"\n,,\nplain,,\n")
        #expect(table.map(\.names) == [["a.b", "a_b"], ["my clip.v2", "my_clip_v2"], ["row-000005"], ["plain"]])
        #expect(table.map(\.number) == [2, 3, 5, 6])
        let lines = try names(
            "{\"id\": 17, \"x\": [1]}\n{\"path\": \"d/y.mp4\", \"id\": \"\"}\n{\"prompt\": \"\"}", "list.jsonl")
        #expect(lines.map(\.names) == [["17"], ["y"], ["row-000003"]])
    }

    @Test(
        "what names nothing, or is no table, is refused by its row",
        arguments: [
            ("x,y\n1,2\n", "list.csv", "none of its columns names samples"),
            ("id,x\na,1\nb\n", "list.csv", "row 3: it has 1 fields"),
            ("id\n\"a", "list.csv", "row 2: a quoted field is never closed"),
            ("{\"id\": \"a\"}\n[1]", "list.jsonl", "row 2: "), ("\n", "list.jsonl", "has no rows"),
            ("id\n", "list.csv", "has no rows"),
        ])
    func refused(text: String, path: String, words: String) {
        #expect { try names(text, path) } throws: { "\($0)".contains(words) && "\($0)".contains(path) }
    }

    @Test("a mutated table is read or refused")
    func mutated() {
        var mutator = ByteMutator(seed: 5)
        for _ in 0..<300 {
            for (text, path) in [("id,video\na,\"b\"\n", "x.csv"), ("{\"id\": \"a\", \"video\": 1}\n", "x.jsonl")] {
                let window = ManifestWindow(mutator.mutate(Array(text.utf8)))
                do throws(ManifestError) {
                    _ = try ManifestNames(window, path: path)
                } catch {
                    #expect(!"\(error)".isEmpty)
                }
            }
        }
    }
}
