import TestSupport
import Testing

@testable import Launch

@Suite("Launching: whatever comes")
struct LaunchingPropertyTests {
    /// Events in any order, those that a loop would never send included.
    private static func event(_ random: inout SplitMix64, _ number: Int) -> Launching.Event {
        let codes: [Int32] = [0, 1, 2, 3, 75, 137]
        let code = codes.randomElement(using: &random) ?? 0
        let view = RunView(
            beat: Bool.random(using: &random)
                ? RunBeat(text: "n0 1 1 \(number) \(Int.random(in: 0...6, using: &random))") : nil,
            ending: Int.random(in: 0..<8, using: &random) == 0
                ? RunEnding(text: "stopped \(code)", stamp: "\(number)") : nil)
        let figures = RunFigures(
            settled: Int.random(in: 0..<50, using: &random), left: .seconds(Int.random(in: 0..<9000, using: &random)))
        let answers = [HostAnswer.ready, .silent("x"), .unfit("y")]
        switch Int.random(in: 0..<9, using: &random) {
        case 0: return .answered((0..<3).map { _ in answers.randomElement(using: &random) ?? .ready })
        case 1, 2: return .looked(view)
        case 3: return .counted(figures)
        case 4: return .mpirunEnded(code)
        case 5: return .cleaned(verdict: Bool.random(using: &random) ? code : nil, view, figures)
        case 6 where Int.random(in: 0..<30, using: &random) == 0:
            return .stopRequested(Bool.random(using: &random) ? .signal : .hangUp)
        default: return .tick
        }
    }

    @Test("at most one mpirun runs, it is signalled only while it does, and after the exit nothing is done")
    func order() {
        for seed in 1...300 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            var launched = Launched {
                $0.hosts = seed.isMultiple(of: 2) ? Launched.hosts : []
                $0.renew = .seconds(50)
                $0.grace = .seconds(20)
            }
            var isRunning = false
            var isOver = false
            var drains = 0
            func check(_ actions: [Launching.Action]) {
                for action in actions {
                    #expect(!isOver, "seed \(seed): \(action) after the exit")
                    switch action {
                    case .start:
                        #expect(!isRunning, "seed \(seed): two at once")
                        isRunning = true
                        drains = 0
                    case .drain:
                        #expect(isRunning, "seed \(seed)")
                        drains += 1
                    case .terminate, .kill: #expect(isRunning, "seed \(seed): \(action) without an mpirun")
                    case .clean: isRunning = false
                    case .exit:
                        #expect(!isRunning, "seed \(seed): mpirun is left")
                        isOver = true
                    case .say(let text): #expect(!text.isEmpty)
                    case .ask, .count: break
                    }
                }
            }
            check(launched.tell(.begun(RunFigures(settled: 0))))
            for number in 0..<600 {
                launched.now += .milliseconds(Int.random(in: 0..<3000, using: &random))
                check(launched.tell(Self.event(&random, number)))
            }
        }
    }

    @Test(
        "whatever mpirun does, a launch that was asked to stop is over within the grace, 5 s, and what cleaning takes")
    func ends() {
        for seed in 1...200 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            var launched = Launched.running { $0.grace = .seconds(30) }
            _ = launched.work(Int.random(in: 0..<90, using: &random))
            _ = launched.tell(.stopRequested(.signal))
            var deeds: [Launching.Action] = []
            for _ in 0..<37 where !deeds.contains(.kill) {
                deeds += Bool.random(using: &random) ? launched.work(1).deeds : launched.pass(1).deeds
            }
            #expect(deeds.contains(.kill), "seed \(seed)")
            #expect(launched.over(137).last == .exit(75))
        }
    }
}
