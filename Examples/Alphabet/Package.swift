// swift-tools-version: 6.2
import PackageDescription

/// A plugin in a package of its own; writing-a-plugin.md says what its three parts are for.
let package = Package(
    name: "alphabet",
    products: [.library(name: "Alphabet", type: .dynamic, targets: ["Alphabet"])],
    dependencies: [
        // Elsewhere: .package(url: "https://…/roost", branch: "main", traits: [])
        .package(name: "roost", path: "../..", traits: [])
    ],
    targets: [
        .target(
            name: "Alphabet",
            dependencies: [
                .product(name: "PluginABI", package: "roost"),
                .product(name: "PluginKit", package: "roost"),
            ],
            linkerSettings: [
                .unsafeFlags([
                    "-Xlinker", "--version-script=\(Context.packageDirectory)/exports.map",
                ])
            ])
    ]
)
