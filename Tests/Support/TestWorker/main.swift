import Glibc
import PluginHost

// The executable that the tests start: a worker, or a host of one that waits to be killed.
switch CommandLine.arguments.dropFirst().first {
case "worker": WorkerMain.run()
case "host": hostOneModel(Array(CommandLine.arguments.dropFirst(2)))
default:
    print("usage: TestWorker worker | host LIBRARY MODEL STORE")
    exit(2)
}

/// Opens a model in a worker, prints both process ids and waits for ever.
func hostOneModel(_ arguments: [String]) -> Never {
    do {
        let loader = ModelLoader(PluginHostOptions(store: arguments[2]))
        let plugin = try loader.stage(PluginSpec(name: "tally", library: arguments[0]))
        let model = try loader.launch(plugin, name: "held", OpenRequest(source: arguments[1]))
        print(getpid(), model.processID ?? 0)
        fflush(nil)
        while true { pause() }
    } catch {
        print(error)
        exit(1)
    }
}
