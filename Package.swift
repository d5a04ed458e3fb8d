// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A plugin exports one symbol, `roost_plugin_query_v1`; the version script hides the rest. The tests are
/// linked with it too, and must not hide a sanitizer from the libraries that they load.
let oneSymbol: [LinkerSetting] =
    Context.environment["ROOST_SANITIZED"] != nil
    ? []
    : [
        .unsafeFlags([
            "-Xlinker", "--version-script=\(Context.packageDirectory)/Plugins/exports.map",
        ])
    ]

/// Lets tests see the internals of a plugin in release builds too.
let testable: [SwiftSetting] = [.unsafeFlags(["-enable-testing"])]

/// A product of another package, which only the trait `Host` enables.
func product(_ name: String, of package: String) -> Target.Dependency {
    .product(name: name, package: package, condition: .when(traits: ["Host"]))
}

let runtime = [product("TensorRuntime", of: "Runtime")]

// `ROOST_WITHOUT_HOST=1 swift build` leaves out the HTTP host and all outside dependencies:
// seconds instead of minutes when working on the engine, the plugins or the runtime.
let withHost = Context.environment["ROOST_WITHOUT_HOST"] == nil

let package = Package(
    name: "roost",
    products: [
        // For plugins in packages of their own.
        .library(name: "PluginABI", targets: ["PluginABI"]),
        .library(name: "PluginKit", targets: ["PluginKit"]),
        .library(name: "Llama", type: .dynamic, targets: ["Llama"]),
        .library(name: "Bert", type: .dynamic, targets: ["Bert"]),
        .library(name: "Summarizer", type: .dynamic, targets: ["Summarizer"]),
        .library(name: "StableDiffusion", type: .dynamic, targets: ["StableDiffusion"]),
    ],
    traits: [
        .default(enabledTraits: ["Host"]),
        // A package that others depend on by URL must not have a dependency by path. So a package that needs
        // only PluginKit turns this trait off, and fetches nothing else either.
        .trait(
            name: "Host",
            description: "the host and the repository's plugins, and all that these depend on"),
    ],
    dependencies: [
        .package(path: "Runtime")
    ],
    targets: [
        // Layer 1: the contract.
        .target(name: "PluginABI", exclude: ["abi.py", "abi.json", "info.schema.json"]),

        // The serving side.
        // With a file that the C compiler embeds.
        .target(name: "CHostShims", cSettings: [.unsafeFlags(["-std=gnu23"])]),
        .target(
            name: "PluginHost", dependencies: ["PluginABI", "CHostShims", "JSON"],
            swiftSettings: settings),
        .target(name: "JSON", swiftSettings: settings),
        .target(name: "Grammar", dependencies: ["JSON"], swiftSettings: settings),
        .target(
            name: "Engine", dependencies: ["Grammar", "JSON", "PluginHost"],
            swiftSettings: settings),
        .target(
            name: "Services", dependencies: ["Engine", "Grammar", "JSON", "PluginHost"],
            swiftSettings: settings),

        // The model side.
        .target(name: "PluginKit", dependencies: ["PluginABI"], swiftSettings: settings),
        .target(
            name: "PluginCommon", dependencies: ["PluginKit"] + runtime,
            path: "Plugins/PluginCommon", swiftSettings: settings),
        .target(
            name: "Llama", dependencies: ["PluginABI", "PluginKit", "PluginCommon"] + runtime,
            path: "Plugins/Llama",
            swiftSettings: settings, linkerSettings: oneSymbol),
        .target(
            name: "Bert", dependencies: ["PluginABI", "PluginKit", "PluginCommon"] + runtime,
            path: "Plugins/Bert",
            swiftSettings: settings, linkerSettings: oneSymbol),
        .target(
            name: "Summarizer", dependencies: ["PluginABI", "PluginKit", "PluginCommon"] + runtime,
            path: "Plugins/Summarizer",
            swiftSettings: settings, linkerSettings: oneSymbol),
        .target(
            name: "StableDiffusion",
            dependencies: ["PluginABI", "PluginKit", "PluginCommon"] + runtime,
            path: "Plugins/StableDiffusion",
            swiftSettings: settings + testable, linkerSettings: oneSymbol),

        // Measures plugins for `make bench`.
        .executableTarget(
            name: "Bench", dependencies: ["PluginHost"], path: "Benchmarks/Bench",
            swiftSettings: settings),

        // Measures and checks grammars for Benchmarks/grammar_*.py.
        .executableTarget(
            name: "GrammarBench", dependencies: ["Grammar", "JSON"],
            path: "Benchmarks/GrammarBench", swiftSettings: settings),

        // Tests.
        .executableTarget(
            name: "TestWorker", dependencies: ["PluginHost"], path: "Tests/Support/TestWorker",
            swiftSettings: settings),
        .testTarget(name: "PluginABITests", dependencies: ["PluginABI"], swiftSettings: settings),
        .testTarget(
            name: "PluginHostTests", dependencies: ["CHostShims", "JSON", "PluginHost"],
            swiftSettings: settings),
        .testTarget(
            name: "ServicesTests",
            dependencies: ["Engine", "Grammar", "JSON", "PluginHost", "Services"],
            swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: settings),
        .testTarget(
            name: "GrammarTests", dependencies: ["Grammar", "JSON"], swiftSettings: settings),
        // The files that tests compare with, and the message if they are missing.
        .target(
            name: "TestFixtures", path: "Tests/Support/TestFixtures", swiftSettings: settings),
        .testTarget(
            name: "EngineTests",
            dependencies: ["Engine", "Grammar", "JSON", "PluginHost", "TestFixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "PluginKitTests", dependencies: ["PluginABI", "PluginKit"],
            swiftSettings: settings),
        .testTarget(name: "ModelJSONTests", dependencies: runtime, swiftSettings: settings),
        .testTarget(
            name: "TensorRuntimeTests", dependencies: ["TestFixtures"] + runtime,
            swiftSettings: settings),
        .testTarget(
            name: "TokenizersTests", dependencies: ["TestFixtures"] + runtime,
            swiftSettings: settings),
        // A plugin's tests open its library, which every build produces: linked into one executable, the
        // entry points of two plugins would clash.
        .target(
            name: "PluginTesting", dependencies: ["PluginABI", "TestFixtures"],
            path: "Tests/Support/PluginTesting",
            swiftSettings: settings),
        .testTarget(
            name: "LlamaTests", dependencies: ["PluginABI", "PluginTesting", "TestFixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "BertTests", dependencies: ["PluginABI", "PluginTesting", "TestFixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "SummarizerTests", dependencies: ["PluginABI", "PluginTesting", "TestFixtures"],
            swiftSettings: settings),
        // The only plugin whose parts are linked into the tests: its networks and schedulers are compared
        // with the reference one by one.
        .testTarget(
            name: "StableDiffusionTests",
            dependencies: [
                "PluginABI", "PluginCommon", "PluginKit", "PluginTesting", "StableDiffusion",
                "TestFixtures",
            ] + runtime,
            swiftSettings: settings),
    ]
)

if withHost {
    package.products.append(.executable(name: "roost", targets: ["Host"]))
    package.dependencies += [
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.20.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ]
    package.targets += [
        // Compressed bodies and files.
        .systemLibrary(
            name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"])]),
        .target(name: "Deflate", dependencies: ["CZlib"], swiftSettings: settings),

        // Collections of rows that are searched by meaning and by words.
        .target(name: "CVectorIndex"),
        .target(
            name: "SearchCollections",
            dependencies: [
                "CVectorIndex", "Deflate", "JSON", "PluginHost",
                product("GRDB", of: "GRDB.swift"),
                product("GRDBSQLite", of: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "SearchBench", dependencies: ["JSON", "SearchCollections"],
            path: "Benchmarks/SearchBench", swiftSettings: settings),
        .testTarget(
            name: "SearchCollectionsTests",
            dependencies: [
                "CVectorIndex", "Deflate", "JSON", "SearchCollections",
                product("GRDB", of: "GRDB.swift"),
            ],
            swiftSettings: settings),

        // PNG files.
        .systemLibrary(
            name: "CPNG", path: "Sources/CPNG", pkgConfig: "libpng",
            providers: [.apt(["libpng-dev"])]),
        .target(name: "PNGFiles", dependencies: ["CPNG", "PluginHost"], swiftSettings: settings),

        // The page's files, embedded by the C compiler.
        .target(
            name: "CPages", path: "Sources/Host/Pages", exclude: ["Files"],
            cSettings: [.unsafeFlags(["-std=gnu23"])]),
        .executableTarget(
            name: "Host",
            dependencies: [
                "CPages", "Deflate", "Engine", "Grammar", "JSON", "PNGFiles", "PluginHost",
                "SearchCollections", "Services",
                product("Hummingbird", of: "hummingbird"),
                product("GRDB", of: "GRDB.swift"),
                product("TOMLKit", of: "TOMLKit"),
                product("ArgumentParser", of: "swift-argument-parser"),
                product("Logging", of: "swift-log"),
                product("NIOCore", of: "swift-nio"),
                product("NIOHTTP1", of: "swift-nio"),
                product("NIOPosix", of: "swift-nio"),
                product("NIOHTTPTypes", of: "swift-nio-extras"),
                product("NIOHTTPTypesHTTP1", of: "swift-nio-extras"),
                product("HTTPTypes", of: "swift-http-types"),
                product("ServiceLifecycle", of: "swift-service-lifecycle"),
            ],
            exclude: ["Pages"],
            swiftSettings: settings),
        .testTarget(
            name: "HostTests",
            dependencies: [
                "Host", "Engine", "JSON", "PNGFiles", "PluginHost", "SearchCollections",
                product("GRDB", of: "GRDB.swift"),
                product("HTTPTypes", of: "swift-http-types"),
                product("Hummingbird", of: "hummingbird"),
                product("Logging", of: "swift-log"),
                product("NIOCore", of: "swift-nio"),
                product("NIOHTTP1", of: "swift-nio"),
            ],
            swiftSettings: settings),
    ]
}

// `ROOST_FUZZ=1` adds the program of Tools/fuzz.sh. libFuzzer has its `main`, so nothing else builds it.
if Context.environment["ROOST_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: ["Engine", "JSON", "PNGFiles", "PluginHost", "SearchCollections"]
                + runtime,
            path: "Tests/Fuzz", swiftSettings: settings,
            // The default linker ends on an internal error here.
            linkerSettings: [.unsafeFlags(["-use-ld=lld"])]))
}
