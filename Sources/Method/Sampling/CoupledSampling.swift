/// How MM-Diffusion, which denoises a video and its sound together, is sampled.
package struct CoupledSampling: Codable, Sendable, Equatable {
    /// What takes the sampler's steps; named as the official programs name them.
    package enum Scheduler: String, Codable, Sendable, CaseIterable {
        /// Ancestral sampling, with noise at every step.
        case ddpm
        case ddim
        /// DPM-Solver on the noise, of the third order, in single steps: the official sampling script's.
        case dpmSolver = "dpm_solver"
        /// The same on the clean prediction, with its extremes drawn in: MMDisCo's.
        case dpmSolverPlusPlus = "dpm_solver++"
        /// Of the second order, whose steps are as long as their error allows: what the official script calls `dpm_solver++`.
        case adaptive = "dpm_solver++adaptive"

        /// How often the network is asked where a job does not say; 1 stands for what errors decide.
        package var usualSteps: Int {
            switch self {
            case .ddpm: 1000
            case .ddim: 25
            case .dpmSolver, .dpmSolverPlusPlus: 20
            case .adaptive: 1
            }
        }

        /// Whether each step asks the network once.
        package var asksOnceAStep: Bool { self == .ddpm || self == .ddim }

        /// Whether it is known before a run how many steps there are.
        package var hasKnownSteps: Bool { self != .adaptive }

        /// How often the network has to be asked for at least so many steps, none of them of a lower order.
        package func predictions(forSteps steps: Int) -> Int {
            switch self {
            case .ddpm, .adaptive: steps
            case .ddim: (steps...).first { CoupledSampling.stride(of: $0) != nil } ?? steps
            case .dpmSolver, .dpmSolverPlusPlus: 3 * steps + 1
            }
        }

        /// The order of each of the sampler's steps, which is how often it asks the network, for so many questions in all.
        package func orders(_ predictions: Int) -> [Int] {
            switch self {
            case .ddpm, .ddim: return Array(repeating: 1, count: max(predictions, 0))
            case .adaptive: return [1]
            case .dpmSolver, .dpmSolverPlusPlus:
                let (whole, rest) = (predictions / 3, predictions % 3)
                guard rest == 0 else { return Array(repeating: 3, count: whole) + [rest] }
                return Array(repeating: 3, count: max(whole - 1, 0)) + (whole > 0 ? [2, 1] : [])
            }
        }
    }

    /// Which frames the binder sees of a video on its way.
    package enum BinderFrames: String, Codable, Sendable, CaseIterable {
        /// Those of each clip of a second, as of any video: the others have no gradient.
        case ends
        /// All, in pairs.
        case all
    }

    package var scheduler: Scheduler
    package var model: CoupledModelSettings
    package var binderFrames: BinderFrames
    /// Steps in which finished frames are enlarged, where a model for it is named.
    package var upscaleSteps: Int

    package init(
        scheduler: Scheduler, model: CoupledModelSettings = .published, binderFrames: BinderFrames = .ends,
        upscaleSteps: Int = 25
    ) {
        (self.scheduler, self.model) = (scheduler, model)
        (self.binderFrames, self.upscaleSteps) = (binderFrames, upscaleSteps)
    }

    private enum CodingKeys: String, CodingKey {
        case scheduler, model
        case binderFrames = "binder_frames"
        case upscaleSteps = "upscale_steps"
    }

    /// The training timesteps.
    package static let trained = 1000

    /// The first k of which every k-th training timestep, from 0, makes so many; nil where there is none. `ddim` needs one.
    package static func stride(of steps: Int) -> Int? {
        (1...trained).first { (trained + $0 - 1) / $0 == steps }
    }

    /// How many times larger each way finished frames become.
    package static let enlargement = 4

    /// How long the video is, and how fast.
    package var length: VideoLength { VideoLength(frames: model.frames, fps: Double(model.fps)) }
}
