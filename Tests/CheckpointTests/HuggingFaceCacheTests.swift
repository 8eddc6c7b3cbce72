import Files
import Foundation
import TestSupport
import Testing

@testable import Checkpoint

@Suite struct HuggingFaceCacheTests {
    let scratch: TemporaryFolder
    let cache: HuggingFaceCache

    init() throws {
        scratch = try TemporaryFolder()
        cache = HuggingFaceCache(environment: ["HF_HUB_CACHE": scratch.path + "/hub", "HOME": "/home/nobody"])
    }

    @Test func readsTheEnvironmentInOrder() {
        func folder(_ environment: [String: String]) -> String { HuggingFaceCache(environment: environment).folder }
        let all = [
            "HF_HUB_CACHE": "/a", "HUGGINGFACE_HUB_CACHE": "/b", "HF_HOME": "/c", "XDG_CACHE_HOME": "/d", "HOME": "/e",
        ]
        #expect(folder(all) == "/a")
        #expect(folder(all.filter { $0.key != "HF_HUB_CACHE" }) == "/b")
        #expect(folder(["HF_HOME": "/c", "XDG_CACHE_HOME": "/d"]) == "/c/hub")
        #expect(folder(["XDG_CACHE_HOME": "/d", "HOME": "/e"]) == "/d/huggingface/hub")
        #expect(folder(["HOME": "/e", "HF_HOME": ""]) == "/e/.cache/huggingface/hub")
        #expect(folder(["HOME": "/e", "HF_HOME": "~/models"]) == "/e/models/hub")
    }

    @Test func takesPathsFirst() throws {
        let file = try scratch.write([1], to: "weights/x.pth")
        #expect(try cache.resolve(file) == ModelLocation(path: file, isFolder: false, repository: nil))
        #expect(try cache.resolve(scratch.path + "/weights").isFolder)
        #expect(throws: ModelReferenceError.noSuchPath("checkpoints/imagebind_huge.pth")) {
            try cache.resolve("checkpoints/imagebind_huge.pth")
        }
        #expect(throws: ModelReferenceError.noSuchPath("/home/nobody/none")) { try cache.resolve("~/none") }
        #expect(throws: ModelReferenceError.emptyReference) { try cache.resolve("") }
    }

    @Test func followsRefsAndLinks() throws {
        let repository = "hub/models--org--audio"
        let blob = try scratch.write("{}", to: "\(repository)/blobs/123")
        try scratch.write("abc\n", to: "\(repository)/refs/main")
        try scratch.write("abc", to: "\(repository)/refs/refs/pr/1")
        try scratch.write([], to: "\(repository)/snapshots/abc/empty")
        let link = scratch.path + "/\(repository)/snapshots/abc/config.json"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: blob)

        let snapshot = "\(scratch.path)/\(repository)/snapshots/abc"
        for reference in ["org/audio", "org/audio@main", "org/audio@abc", "org/audio@refs/pr/1"] {
            #expect(try cache.resolve(reference).path == snapshot)
        }
        #expect(try MappedFile(path: snapshot + "/config.json").withBytes { Array($0) } == Array("{}".utf8))
        #expect(
            throws: ModelReferenceError.revisionNotInCache(
                reference: "org/audio@v2", revision: "v2", present: ["abc"],
                command: "hf download org/audio unet/config.json --revision v2")
        ) { try cache.resolve("org/audio@v2", files: ["unet/config.json"]) }
    }

    @Test func namesTheCommandThatFetches() {
        let expected = ModelReferenceError.notInCache(
            reference: "cvssp/audioldm-m-full", cache: scratch.path + "/hub",
            command: "hf download cvssp/audioldm-m-full vae/config.json")
        #expect(throws: expected) { try cache.resolve("cvssp/audioldm-m-full", files: ["vae/config.json"]) }
        #expect("\(expected)".contains("`hf download cvssp/audioldm-m-full vae/config.json`"))
    }

    @Test func refusesARefThatLeadsElsewhere() throws {
        try scratch.write("../../..", to: "hub/models--org--evil/refs/main")
        #expect(throws: ModelReferenceError.self) { try cache.resolve("org/evil") }
    }

    @Test(arguments: ["a/b/c", "a//b", "../b", "a/..b", "a b/c", "a/b@", "a/b@x/../y", "a--b/c", "é/b", "-a/b"])
    func refusesWhatIsNoReference(_ text: String) { #expect(HubReference(text) == nil) }
}
