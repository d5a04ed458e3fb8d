import Glibc
import PluginHost

// The executable that the tests start: a worker, or a host of workers that is watched from outside.
let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "worker": WorkerMain.run()
case "host": hold(Array(arguments.dropFirst()))
case "cycle": cycle(Array(arguments.dropFirst()))
default:
    print("usage: TestWorker worker | host | cycle LIBRARY MODEL STORE [SETTINGS]")
    exit(2)
}

func open(_ arguments: [String]) throws -> any LoadedModel {
    let loader = ModelLoader(PluginHostOptions(store: arguments[2]))
    let plugin = try loader.stage(PluginSpec(name: "tally", library: arguments[0]))
    let request = OpenRequest(path: arguments[1], configJSON: arguments.dropFirst(3).first ?? "")
    return try loader.launch(plugin, name: "held", request)
}

/// Opens a model in a worker, takes a step and waits for ever; says how far it is.
func hold(_ arguments: [String]) -> Never {
    say("host \(getpid())")
    do {
        let model = try open(arguments)
        say("open")
        _ = try model.forward(
            Batch(tokens: [1], sequences: [0], positions: [0], wants: [true]), deadline: nil)
        say("idle")
        while true { pause() }
    } catch {
        say("\(error)")
        exit(1)
    }
}

/// Opens and closes a model many times, then says what that left behind.
func cycle(_ arguments: [String]) -> Never {
    do {
        for _ in 0..<3 { try open(arguments).close() }
        let before = resources()
        for _ in 0..<50 { try open(arguments).close() }
        // Threads are gone a moment after they are done.
        for _ in 0..<2000 where !resources().fit(in: before) { usleep(1000) }
        let after = resources()
        let children = waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD ? "no" : "some"
        say(after.fit(in: before) ? "flat, \(children) children" : "\(before) became \(after)")
        exit(0)
    } catch {
        say("\(error)")
        exit(1)
    }
}

struct Resources {
    var descriptors: Int
    var threads: Int

    /// The model before may still be on its way out when they are counted first, so fewer is as good.
    func fit(in other: Resources) -> Bool {
        descriptors <= other.descriptors && threads <= other.threads
    }
}

func resources() -> Resources {
    Resources(descriptors: entries("/proc/self/fd"), threads: entries("/proc/self/task"))
}

func entries(_ folder: String) -> Int {
    guard let stream = opendir(folder) else { return -1 }
    defer { closedir(stream) }
    var count = 0
    while readdir(stream) != nil { count += 1 }
    return count
}

func say(_ line: String) {
    print(line)
    fflush(nil)
}
