internal import ArgumentParser
package import Method
package import Planning

extension GenerationTask: ExpressibleByArgument {}
extension MemoryPolicy: ExpressibleByArgument {}
extension Job.Device: ExpressibleByArgument {}
extension Job.Gather: ExpressibleByArgument {}
