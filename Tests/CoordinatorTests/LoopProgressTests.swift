import Foundation
import Synchronization
import Testing

@testable import Coordinator

@Suite("Loop: progress")
struct LoopProgressTests {
    private func progress(done: Int = 123, failed: Int = 2, total: Int = 400, eta: Double? = 3120) -> RunProgress {
        RunProgress(
            samplesDone: done, samplesFailed: failed, samplesTotal: total, elapsedSeconds: 1405,
            ratePerHour: eta == nil ? nil : 315.2, etaSeconds: eta, workers: 3, workersBusy: 2)
    }

    @Test("the rate is of this start alone")
    func meter() {
        var meter = ProgressMeter(total: 100, doneBefore: 40, failedBefore: 5)
        let start = meter.progress(elapsed: .seconds(10), workers: 0, busy: 0)
        #expect(start.ratePerHour == nil && start.etaSeconds == nil)
        #expect(start.samplesLeft == 55)
        meter.count(done: 9, failed: 1)
        let later = meter.progress(elapsed: .seconds(100), workers: 2, busy: 1)
        #expect(later.samplesDone == 49 && later.samplesFailed == 6)
        #expect(later.ratePerHour == 360)
        #expect(later.etaSeconds == 450)
    }

    @Test("the line")
    func line() {
        #expect(
            ProgressFormat.line(progress()) == "123/400 samples, 2 failed, 315 an hour, 3 workers, 52 min left")
        #expect(ProgressFormat.line(progress(failed: 0, eta: nil)) == "123/400 samples, 3 workers")
        #expect(
            ProgressFormat.line(progress(done: 398, eta: 0))
                == "398/400 samples, 2 failed, 315 an hour, 3 workers, took 23 min")
    }

    @Test(
        "times",
        arguments: [
            (45.4, "45 s"), (150, "3 min"), (18_720, "5 h 12 min"), (273_600, "3 d 4 h"), (.nan, "a long time"),
        ])
    func times(seconds: Double, text: String) {
        #expect(ProgressFormat.time(seconds) == text)
    }

    @Test("the bar never exceeds the terminal", arguments: [0, 1, 20, 70, 80, 100, 400])
    func bar(width: Int) {
        for done in [0, 123, 398, 1000] {
            let bar = ProgressFormat.bar(progress(done: done), width: width)
            #expect(bar.count <= width)
            if width >= 100 { #expect(bar.hasPrefix("[")) }
        }
    }

    @Test("the bar is as full as the run")
    func barCells() {
        let half = ProgressFormat.bar(progress(done: 198), width: 120)
        #expect(half.hasPrefix("[####################....................] 198"))
        #expect(ProgressFormat.bar(progress(done: 0, failed: 0, total: 0), width: 120).hasPrefix("[########"))
    }

    @Test("JSON is one line that says what it is")
    func json() throws {
        let text = ProgressFormat.json(progress())
        #expect(!text.contains("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["event"] as? String == "progress")
        #expect(object["samplesDone"] as? Int == 123)
        #expect(object["etaSeconds"] as? Double == 3120)
    }

    @Test("a line a minute, the first and the last always")
    func printer() {
        var printer = ProgressPrinter(style: .lines)
        let lines = [(123, 0), (123, 59), (123, 60), (398, 61), (398, 62)].map { done, second in
            printer.text(for: progress(done: done), at: .seconds(second))
        }
        #expect(lines.map { $0 != nil } == [true, false, true, true, false])
        #expect(lines[2]?.hasSuffix("left\n") == true)
        #expect(printer.ending == "")
        var bar = ProgressPrinter(style: .bar(columns: 80))
        #expect(bar.ending == "")
        let first = bar.text(for: progress(), at: .zero)
        let second = bar.text(for: progress(), at: .milliseconds(100))
        #expect(first?.hasPrefix("\r") == true && second == nil)
        #expect(bar.ending == "\n")
    }

    @Test("the reporter writes through its clock")
    func reporter() async {
        let clock = LoopTestClock()
        let written = Mutex<[String]>([])
        let reporter = ProgressReporter(style: .json, clock: clock) { text in written.withLock { $0.append(text) } }
        await reporter.report(progress())
        await reporter.report(progress())
        clock.advance(by: .seconds(10))
        await reporter.report(progress())
        await reporter.finish()
        #expect(written.withLock { $0.count } == 2)
    }

    @Test("the roster: silence, return, death, and when the run is deserted")
    func roster() {
        // Mutating calls cannot stand inside the macro.
        func check(_ condition: Bool, line: Int = #line) {
            #expect(condition, "line \(line)")
        }
        var roster = WorkerRoster(ranks: [1, 2], silenceLimit: .seconds(30), at: .zero)
        #expect(roster.desertion(at: .seconds(60), limit: .seconds(60)) == nil)
        #expect(roster.desertion(at: .seconds(61), limit: .seconds(60)) == .nobodyCame(after: .seconds(60)))
        check(roster.heard(1, at: .zero) == .stranger)
        check(roster.greet(1, at: .seconds(5)))
        check(!roster.greet(9, at: .seconds(5)))
        check(roster.heard(1, at: .seconds(6)) == .present)
        check(roster.fallenSilent(at: .seconds(36)) == [])
        check(roster.fallenSilent(at: .seconds(37)) == [1])
        #expect(roster.present.isEmpty && roster.missing == [1, 2])
        #expect(roster.desertion(at: .seconds(90), limit: .seconds(60)) == nil)
        check(roster.heard(1, at: .seconds(95)) == .returned)
        #expect(roster.desertion(at: .seconds(500), limit: .seconds(60)) == nil)
        roster.leave(1, as: .dead, reason: "died", at: .seconds(96))
        check(!roster.greet(1, at: .seconds(97)))
        roster.leave(2, as: .gone, reason: "left", at: .seconds(98))
        // Nobody can come any more, so there is nothing to wait for.
        #expect(roster.desertion(at: .seconds(98), limit: .seconds(60)) != nil)
    }
}
