/// Who a worker is, as it says in its first message.
package struct WorkerIdentity: Sendable, Hashable {
    /// Host name.
    package let host: String
    /// Process id on that host.
    package let pid: Int
    /// The device it computes on, such as `cpu` or `cuda:1 NVIDIA H200`.
    package let device: String
    /// SHA-256 of the run's configuration as the worker read it, in hexadecimal; the coordinator compares.
    package let configSHA256: String

    /// An identity.
    package init(host: String, pid: Int, device: String, configSHA256: String) {
        self.host = host
        self.pid = pid
        self.device = device
        self.configSHA256 = configSHA256
    }
}
