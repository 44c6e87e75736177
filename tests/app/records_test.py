"""Tests of jobs/study/records.py: valid records, medians, fastest divisions, efficiencies. Run by study.sh."""
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "jobs" / "study"))
import records as rec  # noqa: E402


def record(study="strong", ranks=1, threads=1, seconds=1.0, n=1000, kind="measured", shape="cube", **more):
    return {"record": 1, "kind": kind, "study": study, "shape": shape, "n": n, "ranks": ranks, "threads": threads,
            "cores": ranks * threads, "digits": 6, "seconds": {"evaluate": seconds}, **more}


class Records(unittest.TestCase):
    def test_takes_what_is_a_record(self):
        self.assertIsNone(rec.defect_of(record(n=10**11, binding=None, error=None, surprise=[1])))

    def test_says_why_it_is_no_record(self):
        for wrong, words in ((record(kind="guessed"), "guessed"), (record(n=0), "n is 0"), (record(n=1.5), "n is 1.5"),
                             (record(seconds=float("nan")), "nan"), (record(seconds=None), "None"),
                             ({**record(), "cores": 3}, "ranks x threads"), ({**record(), "record": 2}, "version"),
                             ({k: v for k, v in record().items() if k != "digits"}, "digits"), ([1], "object")):
            self.assertIn(words, rec.defect_of(wrong) or "")

    def test_reads_files_and_directories_and_every_line_once(self):
        with tempfile.TemporaryDirectory() as place:
            lines = [json.dumps(record(seconds=s)) for s in (1.0, 2.0)]
            below = pathlib.Path(place, "a", "b")
            below.mkdir(parents=True)
            (below / "one.jsonl").write_text("\n".join([*lines, "", '{"record": 1, "ki']), encoding="utf-8")
            (below / "two.jsonl").write_text(lines[0] + "\n", encoding="utf-8")
            (below / "notes.txt").write_text("no records", encoding="utf-8")
            records, problems = rec.read([place, str(below / "one.jsonl"), place + "/none.jsonl"])
        self.assertEqual([r["seconds"]["evaluate"] for r in records], [1.0, 2.0])
        self.assertEqual(len(problems), 2)  # the cut line, the file that is not there
        self.assertIn("one.jsonl:4", problems[0])

    def test_takes_the_median_of_repeated_runs_and_the_fastest_division(self):
        runs = [record(ranks=2, seconds=s) for s in (0.9, 0.6, 0.7)]
        curves = rec.series([*runs, record(ranks=1, threads=2, seconds=0.8), record(seconds=1.0)])
        (curve,) = curves.values()
        self.assertEqual([(r["ranks"], r["threads"], r["seconds"]["evaluate"]) for r in curve], [(1, 1, 1.0), (2, 1, 0.7)])

    def test_prefers_the_median_that_a_run_reports(self):
        reported = record(seconds=5.0)
        reported["seconds"]["evaluate_median"] = 4.0
        self.assertEqual(rec.evaluate_seconds(reported), 4.0)

    def test_strong_efficiency(self):
        (curve,) = rec.series([record(ranks=r, seconds=s) for r, s in ((8, 0.25), (2, 0.5), (1, 1.0))]).values()
        self.assertEqual(rec.efficiencies(curve), [1.0, 1.0, 0.5])

    def test_weak_efficiency(self):
        (curve,) = rec.series([record("weak", ranks=r, n=1000 * r, seconds=s) for r, s in ((4, 1.25), (1, 1.0))]).values()
        self.assertEqual(rec.efficiencies(curve), [1.0, 0.8])

    def test_keeps_kinds_shapes_sizes_and_studies_apart(self):
        keys = rec.series([record(), record(kind="planned"), record(kind="simulated"), record(shape="line"),
                           record(n=5000), record("weak"), record("weak", n=4000, ranks=4)]).keys()
        self.assertEqual(len(keys), 6)  # the last two are one weak series
        self.assertEqual([key[1] for key in keys if key[:1] == ("strong",) and key[2:] == ("cube", 6, 1000.0)],
                         ["measured", "simulated", "planned"])

    def test_imbalance_is_that_of_counted_work(self):
        self.assertEqual(rec.imbalance(record(balance={"imbalance_work": {"total": 1.07}})), 1.07)
        self.assertEqual(rec.imbalance(record(imbalance=1.2)), 1.2)
        self.assertIsNone(rec.imbalance(record()))

    def test_waiting_is_what_the_slowest_rank_takes_beyond_the_mean(self):
        one = record(seconds=1.0)
        self.assertEqual(rec.waiting_seconds(one), 0.0)
        one["seconds"]["mean"] = {"phases": {"m2l": 0.5, "p2p": 0.25}}
        self.assertEqual(rec.waiting_seconds(one), 0.25)
        self.assertEqual(rec.phase_seconds(one), {"m2l": 0.5, "p2p": 0.25})

    def test_tables_have_a_row_for_every_division(self):
        rows = rec.table([record(), record(ranks=2, seconds=0.5), record(threads=2, seconds=0.8),
                          record(threads=2, seconds=0.8, binding={"oversubscribed": True})])
        self.assertEqual(len(rows), 3)
        self.assertEqual({len(row) for row in rows}, {len(rec.COLUMNS)})
        self.assertEqual([row[5] for row in rows][0], "1 x 1")


if __name__ == "__main__":
    unittest.main()
