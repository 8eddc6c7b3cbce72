import Foundation
import Shard
import TestSupport
import Testing

extension Integration {
    /// Jobs that make pictures and sounds of every kind.
    @Suite("All five tasks", .serialized)
    struct FiveTasksTests {
        static let rows = [
            #"{"id": "v2a", "task": "v2a", "video": "card.mp4", "prompt": "a clock ticks"}"#,
            #"{"id": "i2a", "task": "i2a", "video": "card.mp4", "prompt": "a steady tone"}"#,
            #"{"id": "wav", "task": "a2v", "audio": "bell.wav", "prompt": "a bell swings", "negative_prompt": "blurry"}"#,
            #"{"id": "track", "task": "a2v", "audio": "card.mp4", "start": 0.25, "duration": 0.5}"#,
            #"{"id": "short", "task": "a2v", "audio": "click.flac", "prompt": "a door closes", "seed": 5}"#,
            #"{"id": "a2i", "task": "a2i", "audio": "bell.wav"}"#,
            #"{"id": "joint", "task": "joint", "prompt": "rain on a roof"}"#,
            #"{"id": "brief", "task": "joint", "prompt": "a spark", "duration": 0.375}"#,
        ]

        private func workshop() async throws -> Workshop {
            let shop = try Workshop()
            try await shop.make(
                "card.mp4",
                "-f lavfi -i testsrc2=s=96x64:r=12:d=1 -f lavfi -i sine=d=1 -c:v libx264 -preset ultrafast "
                    + "-pix_fmt yuv420p -c:a aac")
            try await shop.make("bell.wav", "-f lavfi -i sine=f=880:r=44100:d=1.5 -ac 2")
            try await shop.make("click.flac", "-f lavfi -i sine=f=2000:r=48000:d=0.3")
            try await shop.make("mute.wav", "-f lavfi -i anullsrc=r=16000:cl=mono -t 1")
            try shop.write("labels.txt", "# two\na bell ringing\n\nrain falling\n")
            return shop
        }

        private func job(
            _ shop: Workshop, _ name: String = "job", rows: [String] = FiveTasksTests.rows, sampling: String = "",
            settings: String = ""
        ) throws -> String {
            try shop.writeJob(
                name, rows: rows, steps: 3, models: Workshop.allModels,
                sampling: "frames: 8, fps: 8, width: 64, height: 72" + sampling,
                settings: "caption: labels\nlabels: labels.txt\n" + settings)
        }

        @Test("one job on 3 ranks, guided and not: films play, with picture and sound of one length")
        func videos() async throws {
            let shop = try await workshop()
            for (name, sampling, settings) in [
                ("guided", "", ""), ("vanilla", "", "guidance: off"),
                ("paper", ", scheduler: {audio: euler, video: dpmsolver++}", "preset: paper"),
            ] {
                let run = shop.path(name)
                let ran = try await Programs.mpirun(
                    3, [try job(shop, name, sampling: sampling, settings: settings), "--out", run])
                #expect(ran.code == 0, "\(name): \(ran.text)")
                let rows = try await FinishedRun(run).rows()
                #expect(rows.map(\.key) == ["v2a", "i2a", "wav", "track", "short", "a2i", "joint", "brief"])
                #expect(rows.allSatisfy { $0.status == .ok && $0.losses.isEmpty == (name == "vanilla") }, "\(rows)")
                #expect(["a bell ringing", "rain falling"].contains(rows[5].prompt), "a label stands in")
                let verified = try await Programs.seehear("verify", "--deep", run)
                #expect(verified.code == 0, "\(verified.text)")
                try await OtherReaders.read(run)
                let extracted = try await Programs.seehear("extract", run, "--all", "-o", shop.path("\(name)-files"))
                #expect(extracted.code == 0, "\(extracted.text)")
                for (key, rate, frames) in [
                    ("wav", "8/1", 8), ("track", "8/1", 4), ("short", "8/1", 8), ("joint", "8/1", 8),
                    ("brief", "8/1", 3),
                ] {
                    try await expectVideo(shop.path("\(name)-files/\(key).mp4"), rate: rate, frames: frames)
                }
                let still = try await Programs.run(
                    "ffprobe",
                    ["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0"]
                        + [shop.path("\(name)-files/a2i.png")])
                #expect(still.lines == ["png,64,72"], "\(still.text)")
            }
            let document = try Data(contentsOf: URL(filePath: shop.path("guided-files/short.json")))
            let fields = try #require(try JSONSerialization.jsonObject(with: document) as? [String: Any])
            let source = try #require(fields["source"] as? [String: Any])
            #expect(abs(try #require(source["padded"] as? Double) - 0.7) < 0.01)
        }

        /// Both streams, equal lengths, and every frame decodes.
        private func expectVideo(_ path: String, rate: String, frames: Int) async throws {
            let entries = "stream=codec_name,avg_frame_rate,duration_ts,time_base,nb_read_frames"
            let probe = try await Programs.run(
                "ffprobe", ["-v", "error", "-count_frames", "-show_entries", entries, "-of", "json", path])
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(probe.output.utf8)) as? [String: Any], "\(probe.text)")
            let streams = try #require(json["streams"] as? [[String: Any]])
            #expect(probe.errors.isEmpty, "\(probe.errors)")
            #expect(streams.compactMap { $0["codec_name"] as? String }.sorted() == ["aac", "h264"], "\(path)")
            let seconds = streams.compactMap { stream -> Double? in
                guard let ticks = stream["duration_ts"] as? Int, let base = stream["time_base"] as? String,
                    let divisor = base.split(separator: "/").last.flatMap({ Double($0) })
                else { return nil }
                return Double(ticks) / divisor
            }
            try #require(seconds.count == 2)
            #expect(abs(seconds[0] - seconds[1]) < 1e-3 && abs(seconds[0] - Double(frames) / 8) < 1e-3, "\(path)")
            let picture = try #require(streams.first { $0["codec_name"] as? String == "h264" })
            #expect(picture["avg_frame_rate"] as? String == rate)
            #expect(picture["nb_read_frames"] as? String == "\(frames)")
        }

        /// Heaps are filled with another byte in each run: what depends on memory that was never written would show.
        @Test("the shards are the same bytes with 1 and 3 ranks, and after every process was killed")
        func sameBytes() async throws {
            let shop = try await workshop()
            let job = try job(shop, settings: "memory: low")
            let alone = FinishedRun(shop.path("alone"))
            let first = try await Programs.worker([job, "--out", alone.folder], environment: ["MALLOC_PERTURB_": "0"])
            #expect(first.code == 0, "\(first.text)")
            let many = FinishedRun(shop.path("many"))
            let second = try await Programs.mpirun(
                3, [job, "--out", many.folder, "--coordinator-works"], environment: ["MALLOC_PERTURB_": "165"])
            #expect(second.code == 0, "\(second.text)")
            try alone.expectSameBytes(as: many, "3 ranks")

            let killed = FinishedRun(shop.path("killed"))
            let planned = try await Programs.seehear("plan", job, "--out", killed.folder)
            #expect(planned.code == 0, "\(planned.text)")
            let running = try Programs.start(3, [killed.folder])
            while killed.committedSegments().isEmpty, !running.hasEnded { try await Task.sleep(for: .milliseconds(5)) }
            running.kill(signal: SIGKILL)
            _ = try await running.outcome(limit: 30)
            try #require(try await killed.committedRows().count < Self.rows.count, "it must be killed part-way")
            let resumed = try await Programs.mpirun(3, [killed.folder])
            #expect(resumed.code == 0, "\(resumed.text)")
            try alone.expectSameBytes(as: killed, "after the kill")
        }

        @Test(
            "what is wrong with sounds, prompts and settings is named when the job is planned, and nothing is written")
        func refusedByThePlan() async throws {
            let shop = try await workshop()
            try shop.write("text.wav", "this is no sound\n")
            try await shop.make("silent.mp4", "-f lavfi -i testsrc2=s=96x64:r=12:d=1 -c:v libx264 -preset ultrafast")
            let wrong = [
                (#"{"id": "absent", "task": "a2v", "audio": "absent.wav"}"#, "absent.wav"),
                (#"{"id": "text", "task": "a2i", "audio": "text.wav"}"#, "no format that FFmpeg knows"),
                (#"{"id": "noaudio", "task": "a2v", "audio": "silent.mp4"}"#, "it holds no audio"),
                (#"{"id": "late", "task": "a2v", "audio": "bell.wav", "start": 9}"#, "it lies at 9 s"),
                (#"{"id": "long", "task": "a2v", "audio": "bell.wav", "duration": 20}"#, "160 frames"),
                (#"{"id": "wordless", "task": "joint"}"#, "prompt"),
                (#"{"id": "file", "task": "joint", "prompt": "x", "audio": "bell.wav"}"#, "takes no audio"),
                (#"{"id": "picture", "task": "a2v", "video": "card.mp4"}"#, "takes no video"),
            ]
            let job = try job(shop, rows: Self.rows + wrong.map(\.0))
            let before = try shop.names()
            let outcome = try await Programs.seehear("plan", job, "--out", shop.path("run"))
            #expect(outcome.code == 2, "\(outcome.text)")
            for (index, (line, message)) in wrong.enumerated() {
                let row = "row \(Self.rows.count + index + 1)"
                #expect(
                    outcome.lines.contains { $0.contains(row) && $0.contains(message) }
                        || outcome.errors.split(separator: "\n").contains { $0.contains(row) && $0.contains(message) },
                    "\(line): \(outcome.text)")
            }
            #expect(try shop.names() == before)
            for (setting, message) in [
                ("sampling.height=60", "height"), ("sampling.frames=0", "frames"), ("sampling.fps=-1", "fps"),
                ("sampling.scheduler=plms", "ddim, dpmsolver++, euler"), ("memory=some", "low, auto, high"),
                ("models.motion=nowhere.ckpt", "motion"), ("labels=nowhere.txt", "nowhere.txt"),
                ("models.image=\(shop.path("labels.txt"))", "image"), ("sampling.frames=64", "frames"),
                ("tasks.a2v.guidance.optimizer=lion", "adam, sgd"),
                ("guidance.strength=1", "belongs to `gradient: noise`"),
                ("guidance.rounds={0.1: 2}", "chooses among one beginning"),
            ] {
                let good = try self.job(shop, "good")
                let refused = try await Programs.seehear("plan", good, "--out", shop.path("run"), "--set", setting)
                #expect(refused.code == 2 && refused.text.contains(message), "\(setting): \(refused.text)")
            }
        }

        @Test("a list that guides alone read stands in for no caption, and is a part of what made the sample")
        func listOfGuides() async throws {
            let shop = try await workshop()
            func job(_ name: String, _ settings: String) throws -> String {
                try shop.writeJob(
                    name, rows: [Self.rows[5]], steps: 3, models: Workshop.allModels,
                    sampling: "width: 64, height: 72", settings: settings)
            }
            let refused = try await Programs.seehear("plan", try job("none", "guidance: {words: on}"), "--dry-run")
            #expect(refused.code == 2, "\(refused.text)")
            #expect(refused.text.contains("row 1, task a2i: `guidance.words` needs `labels`"), "\(refused.text)")
            let settings = "labels: labels.txt\nguidance: {gradient: noise, words: on}\n"
            let planned = try await Programs.seehear("plan", try job("job", settings), "--out", shop.path("run"))
            #expect(planned.code == 0, "\(planned.text)")
            #expect(planned.text.contains("words from 2 captions (temperature 0.03)"), "\(planned.text)")
            #expect(planned.text.contains("note: a2i: a list of 2 is too short"), "\(planned.text)")
            let ran = try await Programs.worker([shop.path("run")])
            #expect(ran.code == 0, "\(ran.text)")
            let extracted = try await Programs.seehear("extract", shop.path("run"), "--all", "-o", shop.path("files"))
            #expect(extracted.code == 0, "\(extracted.text)")
            let document = try Data(contentsOf: URL(filePath: shop.path("files/a2i.json")))
            let fields = try #require(try JSONSerialization.jsonObject(with: document) as? [String: Any])
            let models = try #require(fields["models"] as? [[String: Any]])
            #expect(models.compactMap { $0["role"] as? String } == ["image", "binder", "labels"])
            let caption = fields["caption"] as? [String: Any]
            #expect(caption == nil, "\(fields)")
        }

        @Test("a silent sound costs its sample alone, and is used where the job allows it")
        func silence() async throws {
            let shop = try await workshop()
            let rows = [#"{"id": "mute", "task": "a2i", "audio": "mute.wav"}"#, Self.rows[5]]
            let job = try job(shop, rows: rows)
            let ran = try await Programs.worker([job, "--out", shop.path("run")])
            #expect(ran.code == 3, "\(ran.text)")
            let made = try await FinishedRun(shop.path("run")).rows()
            #expect(made.map(\.status) == [.failed, .ok])
            #expect(made[0].error?.kind == "silentInput" && made[0].error?.message.contains("mute.wav") == true)
            let allowed = try await Programs.worker([job, "--out", shop.path("all"), "--set", "silence=allow"])
            #expect(allowed.code == 0, "\(allowed.text)")
        }
    }
}
