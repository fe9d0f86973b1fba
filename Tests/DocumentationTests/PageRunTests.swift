import Testing

/// The runner itself, on pages made for it: what it must notice, and what it must not.
struct PageRunTests {
    private func faults(_ text: String, length: PageRun.Length = .quick) throws -> [String] {
        let page = try ManualPage(name: "page.md", text: text)
        return PageFaults(page: page, outcomes: try PageRun(page: page, length: length).outcomes()).all()
    }

    @Test func aCommandThatFailsIsNoticedAndEndsThePage() throws {
        let faults = try faults(
            """
            ```console
            $ true
            $ echo it broke >&2; (exit 3)
            $ true
            ```
            """)
        #expect(faults.count == 2)
        #expect(faults.first?.contains("page.md:3: exit status 3") == true)
        #expect(faults.first?.contains("it broke") == true)
        #expect(faults.last?.contains("page.md:4: not run") == true)
    }

    @Test func aStatusThatIsShownMustBeTheStatus() throws {
        #expect(try faults("<!-- exit: 3 -->\n```console\n$ (exit 3)\n```").isEmpty)
        #expect(try faults("<!-- exit: 3 -->\n```console\n$ true\n```").count == 1)
    }

    @Test(
        arguments: [
            ("exact", "time 1.5 ms", true), ("exact", "time 1.6 ms", false), ("shape", "time 27 µs", true),
            ("shape", "time  1.5 ms", true), ("shape", "time 1.5 J", false), ("shape", "power 1.5 ms", false),
        ])
    func outputIsCompared(comparison: String, shown: String, isRight: Bool) throws {
        let faults = try faults("<!-- output: \(comparison) -->\n\n```console\n$ echo 'time 1.5 ms'\n\(shown)\n```")
        #expect(faults.isEmpty == isRight)
    }

    @Test(
        arguments: [
            (["1", "...", "9"], true), (["...", "5", "...", "9"], true), (["1", "..."], true), (["1", "2"], false),
            (["2", "...", "9"], false), (["1", "...", "8"], false), (["1", "...", "6", "5", "...", "9"], false),
            (["1", "...", "2", "3", "4", "5", "6", "7", "8", "9", "9"], false),
        ])
    func elisionsStandForLines(shown: [String], isRight: Bool) throws {
        let text = "<!-- output: exact -->\n```console\n$ seq 9\n" + shown.joined(separator: "\n") + "\n```"
        #expect(try faults(text).isEmpty == isRight)
    }

    @Test func commandsOfAPageShareOneShellAndItsFiles() throws {
        let faults = try faults(
            """
            <!-- file: words.txt -->
            ```text
            from the page
            ```

            ```console
            $ place=words.txt
            ```

            <!-- output: exact -->
            ```console
            $ cat \\
              $place
            from the page
            $ ls -d docs Profiles
            Profiles
            docs
            ```
            """)
        #expect(faults.isEmpty)
    }

    @Test func conditionsShorteningAndWaiting() throws {
        let text = """
            <!-- run: no, it would fail -->
            ```console
            $ false
            ```

            <!-- run: if false -->
            ```console
            $ false
            ```

            <!-- quick: false => true -->
            ```console
            $ false
            ```

            <!-- wait: test -e made -->
            ```console
            $ (sleep 0.2; touch made; sleep 60) &
            ```

            ```console
            $ test -e made
            ```
            """
        #expect(try faults(text).isEmpty)
        #expect(try faults(text, length: .full).count == 3)
    }

    @Test(
        arguments: [
            "```console\n$ true", "```console\nno command\n```", "<!-- run: never -->\n```console\n$ true\n```",
            "<!-- quick: a => b -->\n<!-- output: exact -->\n```console\n$ a\n```",
            "<!-- quick: a -->\n```console\n```",
        ])
    func malformedPagesAreRefused(text: String) {
        #expect(throws: ManualPage.Malformed.self) { try ManualPage(name: "page.md", text: text) }
    }

    @Test func outputsAreWrittenAnew() throws {
        let text = """
            ```console
            $ seq 9
            one
            ...
            eight
            nine
            $ echo unseen
            ```
            Text between.
            <!-- output: exact -->
            ```console
            $ printf 'a\\n\\nb\\n'
            ```
            <!-- quick: 1 => 2 -->
            ```console
            $ echo 1
            old
            ```
            """
        let page = try ManualPage(name: "page.md", text: text)
        let outcomes = try PageRun(page: page, length: .quick).outcomes()
        let updated = try PageUpdate(page: page, outcomes: outcomes, isFull: false).text()
        #expect(
            updated
                == text.replacing("one\n...\neight\nnine", with: "1\n...\n8\n9")
                .replacing("b\\n'\n", with: "b\\n'\na\n\nb\n"))
        #expect(try faults(updated).isEmpty)
    }

    /// Lines between elisions are found again when their numbers, or what they say, changed.
    @Test(
        arguments: [
            (
                ["a", "...", "7 of 1 <- chosen", "...", "choice: 1 s"],
                ["a", "...", "9 of 2.5 <- chosen", "...", "choice: 3 ms"]
            ),
            (["a", "...", "choice: split at 2", "..."], ["a", "...", "choice: 3 ms", "..."]),
        ])
    func linesBetweenElisionsAreFound(shown: [String], updated: [String]) {
        let actual = ["a", "8 of 2.6", "9 of 2.5 <- chosen", "", "choice: 3 ms"]
        #expect(ShownOutput(shown: shown).updated(to: actual) == updated)
        #expect(ShownOutput(shown: ["a", "...", "nowhere", "...", "b"]).updated(to: actual) == nil)
    }

    @Test func linksAreChecked() throws {
        let page = try ManualPage(
            name: "docs/page.md",
            text:
                "[a](../README.md) [b](nowhere.md) `[c](code.md)` [d](https://example.org/x) [e](../README.md#nowhere)")
        let targets = PageLinks(page: page).relative.map(\.target)
        #expect(targets == ["../README.md", "nowhere.md", "../README.md#nowhere"])
        #expect(targets.map { PageLinks.fault(of: $0, on: page) } == [nil, "no such file", "no such heading"])
    }
}
