import Engine
import Foundation
import PluginHost

/// The plugin of `Tests/Support/Plugins/vectors.c`, built once, and models of it.
enum VectorPlugin {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().appending(path: "../../..").standardizedFileURL.path
    private static let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().path
    private static let folder = FileManager.default.temporaryDirectory
        .appending(path: "roost-vectors-\(getpid())").path

    private static let library: Result<String, any Error> = Result {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let library = folder + "/libVectors.so"
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = [
            "cc", "-std=gnu11", "-O1", "-fPIC", "-shared", "-fvisibility=hidden",
            "-I", root + "/Sources/PluginABI/include", root + "/Tests/Support/Plugins/vectors.c",
            "-o", library, "-lm",
        ]
        try compiler.run()
        compiler.waitUntilExit()
        return library
    }

    /// - Parameter config: how it misbehaves.
    static func supervisor(
        _ isolation: Isolation, config: String = "", policy: RestartPolicy = .eager
    ) throws -> ModelSupervisor {
        var options = PluginHostOptions(store: folder)
        options.worker = WorkerLaunch(executable: products + "/TestWorker")
        let loader = ModelLoader(options)
        let plugin = try loader.stage(
            PluginSpec(name: "vectors", library: try library.get(), isolation: isolation))
        let request = OpenRequest(path: root, configJSON: config)
        return ModelSupervisor(name: "vectors", policy: policy) {
            try loader.launch(plugin, name: "vectors", request)
        }
    }
}
