// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "Runtime",
    products: [
        .library(
            name: "TensorRuntime", type: .dynamic,
            targets: ["TensorRuntime", "Tokenizers", "ModelJSON", "CKernels"])
    ],
    targets: [
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
        .systemLibrary(
            name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .target(name: "ModelJSON", swiftSettings: settings),
        .target(
            name: "TensorRuntime", dependencies: ["CKernels", "ModelJSON"],
            swiftSettings: settings),
        .target(
            name: "Tokenizers", dependencies: ["CPCRE2", "ModelJSON"], swiftSettings: settings),
    ]
)
