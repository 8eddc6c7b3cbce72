import Coordinator
import Fixtures
import Foundation
import Testing

@testable import Preflight

@Suite struct MediaProbeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func pictures() throws {
        let path = try folder.write("P6\n24 20\n255\n" + String(repeating: "abc", count: 480), "a.ppm")
        let found = try MediaProbe().probe(path)
        #expect(found == ProbedInput(duration: nil, width: 24, height: 20, hasAudio: false, isImage: true))
    }

    @Test func whatIsNoMediaFile() throws {
        func kind(_ path: String) -> String? {
            do throws(InputProbeError) {
                _ = try MediaProbe().probe(path)
                return nil
            } catch {
                #expect(!error.found.isEmpty && !error.remedy.isEmpty)
                return error.kind
            }
        }
        #expect(kind(try folder.write("just some words, and no film at all\n", "text.mp4")) == "unrecognised")
        #expect(kind(try folder.write("", "zero.mp4")) == "empty")
        #expect(kind(folder.url.path) == "notAFile")
        #expect(kind(folder.url.appending(path: "none.mp4").path) == "notFound")
    }
}
