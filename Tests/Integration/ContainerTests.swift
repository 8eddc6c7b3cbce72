import Foundation
import TestSupport
import Testing

extension Integration {
    /// The files that make and start images, read as text: none can be built where the tests run.
    @Suite("Container files")
    struct ContainerTests {
        private static func text(_ name: String) throws -> String {
            try String(contentsOf: Fixtures.checkout.appending(path: "cluster/\(name)"), encoding: .utf8)
        }

        /// Where an image's files go, by what they are made of.
        private struct Contents: Equatable {
            var build: Set<String> = []
            var image: Set<String> = []
        }

        private func dockerfile() throws -> Contents {
            var contents = Contents()
            var isImage = false
            for line in try Self.text("Dockerfile").split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                if words.first == "FROM" { isImage = !line.hasSuffix("AS build") }
                guard words.first == "COPY" else { continue }
                let sources = words.dropFirst().dropLast().filter { !$0.hasPrefix("--") }
                for source in sources {
                    let target = words.last?.hasSuffix("/") == true ? "\(words.last ?? "")\(source)" : words.last ?? ""
                    if isImage { contents.image.insert(target) } else { contents.build.insert(target) }
                }
            }
            return contents
        }

        private func definition() throws -> Contents {
            var contents = Contents()
            var isImage = false
            var isList = false
            for line in try Self.text("seehear.def").split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasPrefix("Stage:") { isImage = line.hasSuffix("run") }
                if line.hasPrefix("%") || line.isEmpty { isList = line.hasPrefix("%files") }
                let words = line.split(separator: " ").map(String.init)
                guard isList, line.hasPrefix(" "), let target = words.last else { continue }
                if isImage { contents.image.insert(target) } else { contents.build.insert(target) }
            }
            return contents
        }

        @Test("both images hold the same, and what they are made of is in the checkout")
        func contents() throws {
            let (docker, apptainer) = (try dockerfile(), try definition())
            #expect(docker == apptainer)
            #expect(docker.image.contains("/seehear/bin") && docker.image.contains("/seehear/cluster"))
            for path in docker.build {
                let source = Fixtures.checkout.appending(path: path.replacing("/seehear/", with: ""))
                #expect(FileManager.default.fileExists(atPath: source.path), "\(path)")
            }
            for name in ["Dockerfile", "seehear.def"] {
                let text = try Self.text(name)
                #expect(
                    text.contains("/seehear/cluster/install.sh build")
                        && text.contains("/seehear/cluster/install.sh run"))
                #expect(text.contains("SEEHEAR_BIN=/seehear/bin"))
            }
        }

        @Test("what the Kubernetes file starts is in the image that it names")
        func kubernetes() throws {
            let image = try dockerfile().image
            let install = try Self.text("install.sh")
            let commands = try Self.text("mpijob.yaml").split(separator: "\n").filter { $0.contains("command:") }
            #expect(commands.count == 2, "of launcher and worker")
            for command in commands {
                let words = command.split(separator: "[").last?.split(whereSeparator: { ", ]".contains($0) }) ?? []
                let program = String(try #require(words.first))
                if program.hasPrefix("/seehear/cluster/") {
                    #expect(image.contains("/seehear/cluster"))
                    let path = Fixtures.checkout.appending(path: program.replacing("/seehear/", with: "")).path
                    #expect(FileManager.default.isExecutableFile(atPath: path), "\(program)")
                } else {
                    #expect(
                        program == "/usr/sbin/sshd" && install.contains("openssh-server")
                            && install.contains("/run/sshd"))
                }
            }
            // The launcher finds the programs where the image has them.
            #expect(install.contains("cp .build/release/seehear .build/release/seehear-worker bin/"))
        }
    }
}
