import Glibc
import PluginHost
import Testing

@Suite struct WorkerEnvironmentTests {
    @Test(arguments: [
        "PATH", "HOME", "LC_ALL", "OMP_NUM_THREADS", "ROOST_THREADS", "LD_LIBRARY_PATH",
    ])
    func whatPluginsNeedIsPassedOn(_ name: String) {
        #expect(WorkerEnvironment().passes(name))
    }

    @Test(arguments: [
        "OPENAI_API_KEY", "ROOST_API_KEY", "AWS_SECRET_ACCESS_KEY", "OMP_TOKEN", "PGHOST",
    ])
    func theRestIsPassedOnByNameOnly(_ name: String) {
        #expect(!WorkerEnvironment().passes(name))
        #expect(WorkerEnvironment([name]).passes(name))
    }

    /// Two plugins of one library, of which one may see a variable of this process.
    @Test(arguments: [true, false]) func eachPluginIsAskedInItsOwnEnvironment(_ staged: Bool) throws
    {
        let name = try #require(hostVariables.first { !WorkerEnvironment().passes($0) })
        let library = try TestPlugin.library(["NEEDS=\"\(name)\""])
        let plain = PluginSpec(name: "plain", library: library)
        let trusted = PluginSpec(
            name: "trusted", library: library, environment: WorkerEnvironment([name]))
        let loader = ModelLoader(testOptions())
        let request = OpenRequest(path: TestPlugin.model)
        // Each worker is still there when the next plugin is asked.
        let scores = try [plain, trusted, plain, trusted].map { spec in
            try staged
                ? loader.probe(try loader.stage(spec), request).score
                : loader.ask(spec, request).score
        }
        #expect(scores == [0, 60, 0, 60])
    }

    private var hostVariables: [String] {
        // The last may be cut.
        let entries = (readText("/proc/self/environ")?.split(separator: "\0") ?? []).dropLast()
        return entries.map { String($0.prefix { $0 != "=" }) }.filter { !$0.isEmpty }
    }

    /// In a process of its own, whose environment is set before it starts.
    @Test func aWorkerSeesNoKeyOfItsHost() throws {
        let command = [
            "/usr/bin/env", "SECRET_OF_TEST=1", "ROOST_API_KEY=1", "OMP_NUM_THREADS=7",
            "\(productFolder)/TestWorker", "host", try TestPlugin.library(), TestPlugin.model,
            "\(TestFolder.shared.path)/store",
        ]
        let host = try #require(
            popen("exec " + command.map { "'\($0)'" }.joined(separator: " "), "r"))
        defer { pclose(host) }
        let id = try #require(Int32(line(of: host).dropFirst("host ".count)))
        defer { kill(id, SIGKILL) }
        #expect(line(of: host) == "open")
        let worker = try #require(livingChildren(of: id).first)
        let environment = run(["/bin/cat", "/proc/\(worker)/environ"]).output
        let names = environment.split(separator: "\0").map { $0.prefix { $0 != "=" } }
        #expect(names.contains("OMP_NUM_THREADS") && names.contains("SWIFT_BACKTRACE"))
        #expect(!names.contains("SECRET_OF_TEST") && !names.contains("ROOST_API_KEY"))
    }
}
