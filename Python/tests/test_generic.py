"""The protocol, with programs that need no framework."""

import json
import os
import subprocess
import sys
import unittest

from experimenter import PACKAGE, STEP_BEGINS, STEP_ENDS, Experimenter, check_steps, pass_times

PROGRAM = """
import os, sys, time
import kerf

@kerf.marked(2, "forward")
def head():
    pass

steps = 0
def step():
    global steps
    steps += 1
    with kerf.layer(0, "forward"):
        pass
    with kerf.layer(1, "forward"):
        time.sleep(0.001)
    head()
    with kerf.layer(2, "backward"):
        pass
    with kerf.layer(1, "backward"):
        time.sleep(0.004)
    with kerf.update():
        pass
    EXTRA

kerf.serve(step, layers=[{"kind": kind} for kind in ("embedding", "block", "head")], runtime={"name": "test"},
           model={"name": "tiny"}, workload={"batch": 1})
print("steps", steps, "variable", "KERF_MARKERS" in os.environ)
"""
PASSES = [{"forward": 0}, {"forward": 1}, {"forward": 2}, {"backward": 2}, {"backward": 1}, {"update": None}]


def program(extra: str = "pass") -> str:
    return PROGRAM.replace("EXTRA", extra.replace("\n", "\n    "))


class GenericTests(unittest.TestCase):
    def start(self, source: str, capacity: int = 1 << 12, **options) -> Experimenter:
        kerf = Experimenter(capacity)
        self.process = kerf.start(source, **options)
        for cleanup in (self.process.stdout.close, self.process.stderr.close, self.process.wait, kerf.close):
            self.addCleanup(cleanup)  # the last comes first: the client ends when the socket is closed
        return kerf

    def test_commands(self):
        kerf = self.start(program())
        hello = kerf.welcome()
        self.assertEqual(hello["passes"], PASSES)
        self.assertEqual(hello["can"], [])
        self.assertEqual(hello["pid"], self.process.pid)
        self.assertEqual(hello["version"], 1)

        done, records = kerf.command("steps", marked=True, seconds=60, at_most=3)
        self.assertEqual(done, {"count": 3, "marks": 3 * 9, "dropped": 0})
        check_steps(records, PASSES)
        for times in pass_times(records, PASSES):
            self.assertGreaterEqual(times["backward", 1], 4e6)
            self.assertGreaterEqual(times["forward", 1], 1e6)

        done, records = kerf.command("steps", marked=False, seconds=0, at_most=20)
        self.assertEqual([record[1] for record in records], [STEP_BEGINS, STEP_ENDS])
        self.assertEqual(done["count"], 1)

        done, records = kerf.command("marks", count=100)
        self.assertEqual(done, {"count": 100, "marks": 102, "dropped": 0})
        check_steps(records, PASSES)
        kerf.stop()
        self.assertEqual(kerf.receive()[0], "closed")
        output, errors = self.process.communicate()
        self.assertEqual(output, "steps 5 variable False\n")
        self.assertEqual((errors, self.process.returncode), ("", 0))

    def test_seconds_end_the_steps(self):
        kerf = self.start(program())
        kerf.welcome()
        done, records = kerf.command("steps", marked=False, seconds=0.05, at_most=1000)
        self.assertLess(done["count"], 11)  # a step sleeps for 5 ms
        self.assertGreaterEqual(records[-1][0] - records[0][0], 50e6)
        kerf.stop()

    def test_full_ring_drops_and_counts(self):
        kerf = self.start(program(), capacity=64)
        kerf.welcome()
        done, records = kerf.command("marks", count=100)
        self.assertEqual(done, {"count": 100, "marks": 64, "dropped": 38})
        done, records = kerf.command("marks", count=10)
        self.assertEqual(done, {"count": 10, "marks": 12, "dropped": 0})
        self.assertEqual(records[-1][1], STEP_ENDS)
        kerf.stop()

    def test_repeat_fails_where_it_is_not_offered(self):
        kerf = self.start(program())
        kerf.welcome()
        kerf.send("prepare", {"pass": 1})
        self.assertEqual(kerf.receive(), ("failed", "KerfError: this client cannot repeat single passes"))
        self.assertEqual(kerf.receive()[0], "closed")

    def test_exception_in_step(self):
        kerf = self.start(program("if steps == 3: raise RuntimeError('out of luck\\nand more')"))
        kerf.welcome()
        kerf.command("steps", marked=True, seconds=9, at_most=1)
        kerf.send("steps", {"marked": True, "seconds": 9, "at_most": 2})
        self.assertEqual(kerf.receive(), ("failed", "RuntimeError: out of luck"))
        self.assertEqual(kerf.receive()[0], "closed")
        self.assertIn("and more", self.process.communicate()[1])
        self.assertEqual(self.process.returncode, 1)

    def test_exception_in_the_first_step_comes_instead_of_hello(self):
        kerf = self.start(program("raise RuntimeError('at once')"))
        self.assertEqual(kerf.receive(), ("failed", "RuntimeError: at once"))

    def test_a_pass_that_appears_later(self):
        kerf = self.start(program("if steps == 2: kerf.layer(0, 'backward').__enter__()"))
        kerf.welcome()
        kerf.send("steps", {"marked": True, "seconds": 9, "at_most": 2})
        key, text = kerf.receive()
        self.assertEqual(key, "failed")
        self.assertIn("the first step did not have", text)

    def test_process_that_dies_in_a_step(self):
        kerf = self.start(program("if steps == 2: os._exit(7)"))
        kerf.welcome()
        kerf.send("steps", {"marked": True, "seconds": 9, "at_most": 2})
        self.assertEqual(kerf.receive()[0], "closed")
        self.assertEqual(self.process.wait(), 7)

    def test_forked_child_is_silent(self):
        # The child goes on as its parent would: it marks, ends the step, and leaves serve().
        kerf = self.start(program("""
if steps == 2:
    child = os.fork()
    if child == 0:
        for _ in range(50): head()
        try: os.fstat(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
        except OSError: pass
    else:
        assert os.waitpid(child, 0)[1] == 0"""))
        kerf.welcome()
        done, records = kerf.command("steps", marked=True, seconds=9, at_most=2)
        self.assertEqual(done, {"count": 2, "marks": 18, "dropped": 0})
        check_steps(records, PASSES)
        kerf.stop()
        self.assertEqual(kerf.receive()[0], "closed")
        output, errors = self.process.communicate()
        self.assertEqual((output.count("steps"), errors), (2, ""))

    def test_living_child_does_not_keep_the_socket_open(self):
        kerf = self.start(program("if steps == 2 and os.fork() == 0: time.sleep(0.5); os._exit(0)"))
        kerf.welcome()
        kerf.command("steps", marked=True, seconds=9, at_most=1)
        kerf.stop()
        self.assertEqual(kerf.receive()[0], "closed")

    def test_descriptors_are_closed_in_started_programs(self):
        kerf = self.start(program("""
import subprocess
subprocess.run([sys.executable, "-c", "import os; print(sorted(os.listdir('/proc/self/fd')), os.environ.get('KERF_MARKERS'))"],
               close_fds=False)"""))
        kerf.welcome()
        kerf.stop()
        self.assertIn("['0', '1', '2', '3'] None", self.process.communicate()[0])

    def test_chatter_on_standard_output(self):
        kerf = self.start(program("print('loss', steps, flush=True); os.write(1, b'{\"done\": 1}\\n')"))
        kerf.welcome()
        done, _ = kerf.command("steps", marked=True, seconds=9, at_most=2)
        self.assertEqual(done["count"], 2)
        kerf.stop()
        self.assertEqual(self.process.communicate()[0].count("loss"), 3)

    def test_kerf_goes_away(self):
        kerf = self.start(program())
        kerf.welcome()
        kerf.socket.shutdown(2)
        self.assertEqual(self.process.communicate()[0], "steps 1 variable False\n")
        self.assertEqual(self.process.returncode, 0)

    def test_refused(self):
        kerf = self.start(program())
        self.assertEqual(kerf.receive()[0], "hello")
        kerf.send("refused", "layers without parameters")
        self.assertEqual(kerf.receive()[0], "closed")
        self.assertEqual(self.process.communicate()[1], "kerf: Kerf refuses this program: layers without parameters\n")
        self.assertEqual(self.process.returncode, 1)

    def test_wrong_version_and_descriptors(self):
        for variable, text in [
            ("2:3:4", "asks for version '2'"), ("1:3", "not VERSION:SOCKET:MEMORY"), ("1:0:1", "of another kind"),
            ("1:777:778", "Bad file descriptor"), ("", "asks for version ''"),
        ]:
            kerf = Experimenter()
            environment = {**os.environ, "KERF_MARKERS": variable, "PYTHONPATH": str(PACKAGE)}
            result = subprocess.run([sys.executable, "-c", program()], env=environment, capture_output=True, text=True)
            kerf.clients_end.close()
            kerf.close()
            self.assertEqual(result.returncode, 1, result)
            self.assertIn(text, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_wrong_magic(self):
        kerf = Experimenter()
        os.pwrite(kerf.memory, b"NOTMARKS", 0)
        process = kerf.start(program())
        errors = process.communicate()[1]
        kerf.close()
        self.assertIn("does not begin with KERFMARK", errors)
        self.assertEqual(errors.count("\n"), 1, errors)

    def test_one_step_without_kerf(self):
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
        environment.pop("KERF_MARKERS", None)
        output = subprocess.run(
            [sys.executable, "-c", program()], env=environment, check=True, capture_output=True, text=True).stdout
        self.assertEqual(output, "steps 1 variable False\n")

    def test_a_message_is_one_line(self):
        kerf = self.start(program().replace('"tiny"', '"a\\nb\\u00e9"'))
        line = kerf.input.readline()
        self.assertEqual(json.loads(line)["hello"]["model"]["name"], "a\nb\u00e9")


if __name__ == "__main__":
    unittest.main()
