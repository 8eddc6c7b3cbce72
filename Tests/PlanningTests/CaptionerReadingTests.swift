import Foundation
import Method
import Testing

@testable import Planning

@Suite("Captioners of a job")
struct CaptionerReadingTests {
    private static let base = """
        task: v2a
        manifest: /data/rows.jsonl
        models: {audio: /m/audio, binder: /m/binder}
        caption: model

        """

    private func read(_ captioner: String, _ more: String = "") throws(JobError) -> Job {
        try JobFile.resolve(Self.base + more + "captioner: " + captioner, path: "/data/job.yaml")
    }

    @Test("a server has the defaults that are documented, and what the job says instead")
    func server() throws {
        let plain = try #require(read("{server: http://node7:8000/v1/}").captioner)
        let server = try #require(plain.server)
        #expect(server == CaptionServerSettings(url: "http://node7:8000/v1"))
        #expect(server.parallel == 16 && server.timeout == 120 && server.audioPart == .inputAudio)
        #expect(plain.maximumTokens == 96 && plain.words == 0)
        #expect(try read("{image: /m/florence}").captioner?.maximumTokens == 64)
        let said = try read(
            "{server: \"https://h/v1\", model: q, prompt: {image: what?, audio: who?}, parallel: 3, timeout: 1.5, "
                + "audio_part: audio_url, max_tokens: 50, words: 9}"
        ).captioner
        #expect(
            said?.server
                == CaptionServerSettings(
                    url: "https://h/v1", model: "q", imagePrompt: "what?", audioPrompt: "who?", parallel: 3,
                    timeout: 1.5, audioPart: .audioURL))
        #expect(said?.maximumTokens == 50 && said?.words == 9)
    }

    @Test("the paper's preset looks at Katna's frames, asks for details and cuts after 35 words")
    func paper() throws {
        let job = try read("{image: /m/florence}", "preset: paper\n")
        #expect(job.keyFrames == .katna)
        #expect(job.captioner == CaptionerSettings(image: "/m/florence", detail: .detailed, words: 35))
        let other = try read("{image: /m/florence, detail: brief, words: 0}", "preset: paper\nkeyframe: seehear\n")
        #expect(other.keyFrames == nil && other.captioner == CaptionerSettings(image: "/m/florence"))
    }

    @Test(
        "what is no address, what holds a key, and what nothing reads is refused by its name",
        arguments: [
            ("{server: node7:8000}", "captioner.server", "is node7:8000"),
            ("{server: \"ftp://h/v1\"}", "captioner.server", "is ftp://h/v1"),
            ("{server: \"http:///v1\"}", "captioner.server", "http://node7:8000/v1"),
            ("{server: \"http://h/v1?key=1\"}", "captioner.server", "http://node7:8000/v1"),
            ("{server: \"http://me:word@h/v1\"}", "captioner.server", "SEEHEAR_CAPTION_KEY"),
            ("{server: \"http://h/v1\", parallel: 0}", "captioner.parallel", "`0`"),
            ("{server: \"http://h/v1\", timeout: 0.5}", "captioner.timeout", "from 1 to 1200"),
            ("{server: \"http://h/v1\", audio_part: mp3}", "captioner.audio_part", "input_audio"),
            ("{image: /m/florence, parallel: 4}", "captioner.parallel", "`server`"),
            ("{image: /m/florence, prompt: {image: what?}}", "captioner.prompt", "`server`"),
            ("{server: \"http://h/v1\", key: s3cret}", "captioner.key", "key"),
        ])
    func refused(captioner: String, key: String, found: String) {
        let error = #expect(throws: JobError.self) { try read(captioner) }
        let text = error?.description ?? ""
        #expect(text.contains(key) && text.contains(found), "\(text)")
        #expect(!text.contains("me:word"), "\(text)")
    }

    @Test("a run asks no server, a run of captions does; what has a model of its own is not asked about")
    func use() throws {
        let job = try read("{server: \"http://h/v1\", audio: /m/whisper}")
        let refused = job.captionProblems(of: .v2a, location: "row 1", servers: false).map(\.description)
        #expect(refused.count == 1 && refused[0].contains("seehear-worker caption"))
        #expect(job.captionProblems(of: .v2a, location: "row 1", servers: true).isEmpty)
        for servers in [false, true] {
            #expect(job.captionProblems(of: .a2v, location: "row 1", servers: servers).isEmpty)
        }
        #expect(job.narrowed(to: [.v2a], captioning: [.image]).captioner?.server != nil)
        #expect(job.narrowed(to: [.a2v], captioning: [.audio]).captioner?.server == nil)
    }

    @Test("where a server is, how many questions it gets and how long they take make no other captions")
    func identity() throws {
        func identity(_ captioner: String) throws -> CaptionJob {
            CaptionJob(try read(captioner), everyRow: false).withoutPlaces
        }
        let one = try identity("{server: \"http://h/v1\"}")
        #expect(try one == identity("{server: \"http://other:1/v1\", parallel: 64, timeout: 9}"))
        for other in ["model: q", "prompt: {image: what?}", "max_tokens: 5", "audio_part: audio_url"] {
            #expect(try one != identity("{server: \"http://h/v1\", \(other)}"), "\(other)")
        }
        #expect(one.job.batch == 32)
        #expect(try CaptionJob(read("{image: /m/f}"), everyRow: false).job.batch == 8)
    }
}
