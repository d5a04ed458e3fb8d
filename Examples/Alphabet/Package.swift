// swift-tools-version: 6.2
import PackageDescription

/// A plugin in its own package; writing-a-plugin.md explains its three parts.
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
