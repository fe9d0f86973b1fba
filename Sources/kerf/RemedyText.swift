import SystemIO

/// Remedies in the words of the command line: the one place where they become options.
enum RemedyText {
    static func words(_ remedy: Remedy) -> String {
        switch remedy {
        case .text(let text): text
        case .longerBudget: "profile with a longer --budget"
        case .withoutPinning: "leave out --pin"
        case .unpackCapture: "unpack it with tar and name the tree: kerf doctor --root DIR"
        case .userNamespaces:
            "allow them (sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu, "
                + "sudo sysctl user.max_user_namespaces=1000 elsewhere, another seccomp profile in a container), "
                + "or unpack the capture with tar and use: kerf doctor --root DIR"
        case .recordCapture: "make one with: kerf capture --out box.tar"
        case .f32Products: "use --dtype f32"
        case .f32ProductsOrOneDNN: "use --dtype f32 or --engine onednn"
        case .virtualBoard: "measure against a virtual board: kerf board --root DIR"
        }
    }
}
