internal import Files
internal import JSON
package import Shard

/// What a run is: the content of `run.json`.
package struct RunDescription: Codable, Sendable, Equatable {
    /// The form of the file.
    package var schema: String
    /// The identity of the run: recipe, plan rows and models, without what cannot change a byte of the output.
    package var configSHA256: String
    /// What is computed.
    package var recipe: Recipe
    /// The plan's rows.
    package var plan: PlanFile
    /// The model files.
    package var models: [ModelIdentity]
    /// How much there is of everything.
    package var counts: Counts
    /// Bytes that the shards are expected to take.
    package var expectedBytes: Int64
    /// Programs by name.
    package var versions: [String: String]

    /// A `run.json` may be this long, in bytes: it lists the frames of the plan and the files of the models.
    package static let maximumBytes = 64 << 20
    /// The value of ``schema``.
    package static let currentSchema = "seehear.run/4"
    /// The version of seehear.
    package static let version = "0.2.0"

    /// How much there is of everything.
    package struct Counts: Codable, Sendable, Equatable {
        package var samples: Int
        /// Samples that failed before the run began.
        package var invalid: Int
        package var batches: Int
        package var shards: Int

        init(_ tally: PlanTally, _ layout: PlanLayout) {
            samples = tally.samples
            invalid = tally.invalid
            batches = layout.batches
            shards = layout.shards
        }
    }

    private enum CodingKeys: String, CodingKey {
        case schema, recipe, plan, models, counts, versions
        case configSHA256 = "config_sha256"
        case expectedBytes = "expected_bytes"
    }

    /// Key → batch → shard.
    package var layout: PlanLayout {
        PlanLayout(samples: counts.samples, shard: recipe.shard, batch: recipe.batch)
    }

    /// The published batches of the run, held against its plan.
    package func segments(in layout: RunLayout) -> SegmentStore {
        SegmentStore(
            layout: layout, configSHA256: configSHA256, placeOf: { [layout = self.layout] in layout.place(ofBatch: $0) }
        )
    }

    /// Describes a run.
    package init(recipe: Recipe, plan: Plan, models: [ModelIdentity], expectedBytes: Int64) {
        schema = Self.currentSchema
        configSHA256 = recipe.identity(planSHA256: plan.rows.record.sha256, models: models)
        self.recipe = recipe
        self.plan = plan.rows.record
        self.models = models
        counts = Counts(plan.tally, plan.layout)
        self.expectedBytes = expectedBytes
        versions = ["seehear": Self.version]
    }

    /// Reads and checks `run.json`.
    /// - Throws: ``RunError``.
    package init(parsing bytes: [UInt8], path: String) throws(RunError) {
        struct Form: Decodable { let schema: String }
        func decode<Value: Decodable>(_ type: Value.Type) throws(RunError) -> Value {
            do throws(JSONDecodingError) {
                return try JSONCoding.decode(type, from: bytes)
            } catch {
                throw .damaged(path: path, reason: error.description)
            }
        }
        // First, because another version's settings are others too.
        let schema = try decode(Form.self).schema
        guard schema == Self.currentSchema else { throw .otherVersion(path: path, schema: schema) }
        let found = try decode(RunDescription.self)
        let identity = found.recipe.identity(planSHA256: found.plan.sha256, models: found.models)
        guard identity == found.configSHA256 else {
            throw .damaged(path: path, reason: "its config_sha256 is not that of its recipe, plan and models")
        }
        if let problem = found.problem { throw .damaged(path: path, reason: problem) }
        self = found
    }

    /// What is wrong with its numbers, or nil: whoever reads the run counts and allocates by them.
    private var problem: String? {
        if let problem = recipe.problem ?? plan.problem { return problem }
        guard counts.samples == plan.rows else { return "counts.samples is \(counts.samples) of \(plan.rows) rows" }
        guard counts.shards == layout.shards, counts.batches == layout.batches else {
            return "counts.shards or counts.batches is not what \(counts.samples) samples make"
        }
        guard (0...counts.samples).contains(counts.invalid), expectedBytes >= 0 else {
            return "counts.invalid or expected_bytes is out of range"
        }
        return nil
    }

    /// The canonical JSON: sorted keys, one line end at the end.
    package func json() throws -> [UInt8] { try JSONCoding.encode(self, pretty: true) + Array("\n".utf8) }
}
