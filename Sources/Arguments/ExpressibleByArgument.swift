internal import ArgumentParser
package import Method

extension GenerationTask: ExpressibleByArgument {}
extension MemoryPolicy: ExpressibleByArgument {}
