import SystemIO

/// Remedies in the words of the command line: the only place where they become options.
enum RemedyText {
    static func words(_ remedy: Remedy) -> String {
        switch remedy {
        case .text(let text): text
        case .longerBudget: "profile with a longer --budget"
        case .withoutPinning: "leave out --pin"
        case .unpackCapture: "unpack it with tar and give the directory: kerf doctor --root DIR"
        case .userNamespaces:
            "permit them (sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu, "
                + "sudo sysctl user.max_user_namespaces=1000 elsewhere, another seccomp profile in a container), "
                + "or unpack the capture with tar and use: kerf doctor --root DIR"
        case .virtualBoard: "measure on a virtual board: kerf board --root DIR"
        }
    }
}
