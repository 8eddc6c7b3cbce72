extension WireMessage {
    /// The message as bytes.
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        WireFormat.magic.forEach { writer.byte($0) }
        writer.byte(WireFormat.version)
        writer.integer(epoch)
        switch body {
        case .worker(let message): message.write(to: &writer)
        case .coordinator(let message): message.write(to: &writer)
        }
        return writer.bytes
    }
}

extension WorkerMessage {
    fileprivate func write(to writer: inout WireWriter) {
        switch self {
        case .hello(let identity):
            writer.byte(WireKind.hello.rawValue)
            writer.text(identity.host)
            writer.count(identity.pid)
            writer.text(identity.device)
            writer.text(identity.configSHA256)
        case .ready(let credit):
            writer.byte(WireKind.ready.rawValue)
            writer.count(min(credit, WireFormat.largestCredit))
        case .started(let batch):
            writer.byte(WireKind.started.rawValue)
            writer.count(batch)
        case .finished(let report):
            writer.byte(WireKind.finished.rawValue)
            writer.count(report.batch)
            writer.count(report.succeeded)
            writer.count(report.failed)
            writer.count(report.bytes)
            writer.number(report.seconds)
            writer.flag(report.published)
        case .failed(let batch, let failure):
            writer.byte(WireKind.failed.rawValue)
            writer.count(batch)
            writer.text(failure.kind)
            writer.text(failure.message)
            writer.flag(failure.retryable)
        case .released(let batch):
            writer.byte(WireKind.released.rawValue)
            writer.count(batch)
        case .heartbeat(let batch, let fraction):
            writer.byte(WireKind.heartbeat.rawValue)
            writer.flag(batch != nil)
            if let batch { writer.count(batch) }
            writer.number(min(fraction, 1))
        case .goodbye(let reason, let mayPass):
            writer.byte(WireKind.goodbye.rawValue)
            writer.flag(mayPass)
            writer.text(reason)
        case .sampleBegun(let batch, let sample):
            writer.byte(WireKind.sampleBegun.rawValue)
            writer.count(batch)
            writer.count(sample)
        case .crashed(let reason):
            writer.byte(WireKind.crashed.rawValue)
            writer.text(reason)
        case .segment(let batch, .offered(let sidecarBytes, let dataBytes)):
            writer.byte(WireKind.offered.rawValue)
            writer.count(batch)
            writer.count(sidecarBytes)
            writer.count(dataBytes)
        case .segment(let batch, .piece(let offset, let bytes)):
            writer.byte(WireKind.piece.rawValue)
            writer.count(batch)
            writer.count(offset)
            writer.data(bytes)
        case .wantsRun(let offset):
            writer.byte(WireKind.wantsRun.rawValue)
            writer.count(offset)
        }
    }
}

extension CoordinatorMessage {
    fileprivate func write(to writer: inout WireWriter) {
        switch self {
        case .welcome: writer.byte(WireKind.welcome.rawValue)
        case .assign(let order):
            writer.byte(WireKind.assign.rawValue)
            writer.count(order.batch)
            writer.byte(order.isolation.rawValue)
            let excluded = order.excluded.sorted { $0.key < $1.key }.prefix(WireFormat.mostExcluded)
            writer.count(excluded.count)
            for (sample, reason) in excluded {
                writer.count(sample)
                writer.text(reason)
            }
        case .cancel(let batch):
            writer.byte(WireKind.cancel.rawValue)
            writer.count(batch)
        case .drain: writer.byte(WireKind.drain.rawValue)
        case .alive: writer.byte(WireKind.alive.rawValue)
        case .dismiss(let everyoneAlive):
            writer.byte(WireKind.dismiss.rawValue)
            writer.flag(everyoneAlive)
        case .stop(let reason):
            writer.byte(WireKind.stop.rawValue)
            switch reason {
            case .finished: writer.byte(0)
            case .stopped: writer.byte(1)
            case .refused(let why):
                writer.byte(2)
                writer.text(why)
            }
        case .segment(let batch, .fetch(let offset, let count)):
            writer.byte(WireKind.fetch.rawValue)
            writer.count(batch)
            writer.count(offset)
            writer.count(count)
        case .segment(let batch, .stored(let published)):
            writer.byte(WireKind.stored.rawValue)
            writer.count(batch)
            writer.flag(published)
        case .segment(let batch, .refused(let why)):
            writer.byte(WireKind.refused.rawValue)
            writer.count(batch)
            writer.text(why)
        case .run(let piece):
            writer.byte(WireKind.run.rawValue)
            writer.flag(piece.sizes != nil)
            if let sizes = piece.sizes {
                writer.count(sizes.description)
                writer.count(sizes.plan)
                writer.count(piece.offset)
                writer.data(piece.bytes)
            }
        }
    }
}
