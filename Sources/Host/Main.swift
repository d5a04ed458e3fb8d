import PluginHost

@main
enum Main {
    static func main() async {
        // A worker is this same executable; nothing of the host may run in it.
        if CommandLine.arguments.dropFirst().first == "worker" { WorkerMain.run() }
        await CommandLineEntry.run()
    }
}
