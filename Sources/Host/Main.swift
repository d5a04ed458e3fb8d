import Foundation
import PluginHost

@main
enum Main {
    /// Not `async`: the runtime would start threads before a worker, which is this same executable, has
    /// forked. Nothing of the host may run in it.
    static func main() {
        if CommandLine.arguments.dropFirst().first == "worker" { WorkerMain.run() }
        Task.detached {
            await CommandLineEntry.run()
            exit(0)
        }
        while true { pause() }
    }
}
