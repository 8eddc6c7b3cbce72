internal import Shard

extension WireMessage {
    /// The message that these bytes hold, all of them.
    /// - Throws: `WireError` for bytes that ``encoded()`` does not make.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes)
        try reader.magic()
        let version = try reader.byte("version")
        guard version == WireFormat.version else { throw .version(found: version, expected: WireFormat.version) }
        epoch = try reader.integer("epoch")
        let number = try reader.byte("kind")
        guard let kind = WireKind(rawValue: number) else { throw .unknownKind(number) }
        body = try Body(kind, from: &reader)
        try reader.end()
    }
}

extension WireMessage.Body {
    fileprivate init(_ kind: WireKind, from reader: inout WireReader) throws(WireError) {
        switch kind {
        case .hello:
            let host = try reader.text("host")
            let pid = try reader.count("pid")
            let device = try reader.text("device")
            let sha256 = try reader.text("configSHA256")
            self = .worker(.hello(WorkerIdentity(host: host, pid: pid, device: device, configSHA256: sha256)))
        case .ready: self = .worker(.ready(credit: try reader.count("credit", upTo: WireFormat.largestCredit)))
        case .started: self = .worker(.started(batch: try reader.count("batch")))
        case .finished: self = .worker(.finished(try BatchReport(from: &reader)))
        case .failed:
            let batch = try reader.count("batch")
            let kind = try reader.text("kind")
            let message = try reader.text("message")
            let retryable = try reader.flag("retryable")
            self = .worker(.failed(batch: batch, BatchFailure(kind: kind, message: message, retryable: retryable)))
        case .released: self = .worker(.released(batch: try reader.count("batch")))
        case .heartbeat:
            let batch = try reader.flag("in hand") ? try reader.count("batch") : nil
            self = .worker(.heartbeat(batch: batch, fraction: try reader.number("fraction", upTo: 1)))
        case .goodbye:
            let mayPass = try reader.flag("mayPass")
            self = .worker(.goodbye(reason: try reader.text("reason"), mayPass: mayPass))
        case .sampleBegun:
            self = .worker(.sampleBegun(batch: try reader.count("batch"), sample: try reader.count("sample")))
        case .crashed: self = .worker(.crashed(reason: try reader.text("reason")))
        case .offered:
            let batch = try reader.count("batch")
            let sidecarBytes = try reader.count("sidecar bytes", upTo: RecordJSON.maximumLength)
            let dataBytes = try reader.count("data bytes", upTo: WireFormat.largestOffer)
            self = .worker(.segment(batch: batch, .offered(sidecarBytes: sidecarBytes, dataBytes: dataBytes)))
        case .piece:
            let batch = try reader.count("batch")
            let offset = try reader.count("offset", upTo: WireFormat.largestOffer)
            self = .worker(.segment(batch: batch, .piece(offset: offset, try reader.data("bytes"))))
        case .wantsRun: self = .worker(.wantsRun(offset: try reader.count("offset", upTo: WireFormat.largestOffer)))
        case .welcome: self = .coordinator(.welcome)
        case .assign:
            let batch = try reader.count("batch")
            let byte = try reader.byte("isolation")
            guard let isolation = BatchOrder.Isolation(rawValue: byte) else {
                throw .value(field: "isolation", found: "\(byte)", allowed: "0, 1 or 2")
            }
            var excluded: [Int: String] = [:]
            var last = -1
            for _ in 0..<(try reader.count("excluded", upTo: WireFormat.mostExcluded)) {
                let sample = try reader.count("excluded sample")
                // Ascending, so that one order has one encoding.
                guard sample > last else {
                    throw .value(field: "excluded sample", found: "\(sample)", allowed: "more than \(last)")
                }
                last = sample
                excluded[sample] = try reader.text("reason")
            }
            self = .coordinator(.assign(BatchOrder(batch: batch, isolation: isolation, excluded: excluded)))
        case .cancel: self = .coordinator(.cancel(batch: try reader.count("batch")))
        case .drain: self = .coordinator(.drain)
        case .alive: self = .coordinator(.alive)
        case .stop: self = .coordinator(.stop(try StopReason(from: &reader)))
        case .dismiss: self = .coordinator(.dismiss(everyoneAlive: try reader.flag("everyone alive")))
        case .fetch:
            let batch = try reader.count("batch")
            let offset = try reader.count("offset", upTo: WireFormat.largestOffer)
            let count = try reader.count("count", upTo: WireFormat.largestPiece)
            self = .coordinator(.segment(batch: batch, .fetch(offset: offset, count: count)))
        case .stored:
            let batch = try reader.count("batch")
            self = .coordinator(.segment(batch: batch, .stored(published: try reader.flag("published"))))
        case .refused:
            let batch = try reader.count("batch")
            self = .coordinator(.segment(batch: batch, .refused(try reader.text("why"))))
        case .run: self = .coordinator(.run(try RunPiece(from: &reader)))
        }
    }
}

extension BatchReport {
    fileprivate init(from reader: inout WireReader) throws(WireError) {
        batch = try reader.count("batch")
        succeeded = try reader.count("succeeded")
        failed = try reader.count("failed")
        bytes = try reader.count("bytes")
        seconds = try reader.number("seconds")
        published = try reader.flag("published")
    }
}

extension RunPiece {
    fileprivate init(from reader: inout WireReader) throws(WireError) {
        guard try reader.flag("is sent") else {
            self.init()
            return
        }
        let description = try reader.count("description bytes", upTo: WireFormat.largestOffer)
        let plan = try reader.count("plan bytes", upTo: WireFormat.largestOffer)
        let offset = try reader.count("offset", upTo: 2 * WireFormat.largestOffer)
        let sizes = Sizes(description: description, plan: plan)
        self.init(sizes: sizes, offset: offset, bytes: try reader.data("bytes"))
    }
}

extension StopReason {
    fileprivate init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte("reason") {
        case 0: self = .finished
        case 1: self = .stopped
        case 2: self = .refused(try reader.text("why"))
        case let value: throw .value(field: "reason", found: "\(value)", allowed: "0, 1 or 2")
        }
    }
}
