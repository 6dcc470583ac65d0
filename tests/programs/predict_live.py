"""rcar predict: clips, folders, time lines, pipes, servers that drop out, signals.

usage: predict_live.py BUILD_FOLDER [WORD]
"""

import csv
import http.server
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from harness import PROGRAMS, LeavesNoFile, Result, case, expect, main

WEIGHTS = ["--weights", "lite0.safetensors"]
FRAMES, RATE = 60, 10  # of the generated clips


def prepare(place):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 3, "--frames", FRAMES, "--size", "64x64").succeeds()
    place.run("draw_weights", "efficientnetlite0", "lite0.safetensors").succeeds()
    for name in ("Growing", "Shrinking"):
        shutil.copytree(place / "clips" / name, place / "two" / name)
    for sampler in ("first", "uniform"):
        place.run("rcar", "train", "two", "--backbone", "efficientnetlite0", *WEIGHTS, "--epochs", 1, "--sampler", sampler,
                  "--out", sampler).succeeds()
    place.write("bad/text.avi", "this is no video\n" * 50)
    place.write("bad/empty.avi", b"")


def clip(place, name="Growing", number=1):
    return place / "clips" / name / f"v_{name}_g01_c{number:02}.avi"


def predict(place, *arguments, model="first/model.rcar", environment=None):
    return place.run("rcar", "predict", model, *arguments, *WEIGHTS, environment=environment)


def start(place, *arguments, stdin=subprocess.DEVNULL, model="first/model.rcar"):
    command = place.command("rcar", ["predict", model, *arguments, *WEIGHTS])
    return subprocess.Popen(command, cwd=place.folder, env=place.environment(), stdin=stdin, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def ended(process, timeout=120):
    out, err = process.communicate(timeout=timeout)
    return Result(process.args, subprocess.CompletedProcess(process.args, process.returncode, out, err))


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def expect_whole(segments, frames, end_s=None):
    """Segments that follow one another and hold every frame."""
    expect(segments, "no segment")
    at = 0.0
    for segment in segments:
        expect(abs(float(segment["start_s"]) - at) < 0.002, "a gap at", at, segments)
        at = float(segment["end_s"])
        expect(0 <= float(segment["mean_probability"]) <= 1, segment)
    expect(sum(int(segment["frames"]) for segment in segments) == frames, "not", frames, "frames in", segments)
    if end_s is not None:
        expect(abs(at - end_s) < 0.002, "it ends at", at, "not", end_s)


def frames_of(place, video):
    """Frames of a written video, as rcar itself reads them."""
    result = predict(place, video, "--timeline", "--json").succeeds()
    return json.loads(result.out)["clips"][0]["frames"]


# --- one label a clip ---------------------------------------------------------------------------------------------------


@case("a folder's clips are predicted in order, as training's predictions have them, hidden files and others passed over")
def _(place):
    shutil.copytree(place / "two", place / "mixed")
    place.write("mixed/notes.txt", "no clip")
    place.write("mixed/.hidden.avi", "no clip")
    result = predict(place, "mixed", "--csv", "labels.csv", "--jsonl", "labels.jsonl").succeeds()
    labels = rows(place / "labels.csv")
    clips = sorted("mixed/" + str(path.relative_to(place / "two")) for path in (place / "two").rglob("*.avi"))
    expect([row["clip"] for row in labels] == clips, labels)
    lines = [json.loads(line) for line in (place / "labels.jsonl").read_text().splitlines()]
    expect([line["clip"] for line in lines] == clips, lines)
    expect([line.split(": ")[0] for line in result.out.splitlines()] == clips, result)
    known = {"mixed/" + row["clip"]: row for row in rows(place / "first/predictions.csv")}
    seen = 0
    for row, line in zip(labels, lines):
        expect(row["label"] == line["label"], row, line)
        if row["clip"] in known:
            seen += 1
            for name in ("Growing", "Shrinking"):
                expect(abs(float(known[row["clip"]][name]) - float(row[name])) < 2e-6, row, known[row["clip"]])
    expect(seen > 0, "training's predictions name none of these clips", known)


@case("one thread and two, many clips and one at a time, give the same bytes")
def _(place):
    predict(place, "two", "--csv", "one.csv", environment={"RCAR_NUM_THREADS": "1"}).succeeds()
    predict(place, "two", "--csv", "two.csv", environment={"RCAR_NUM_THREADS": "2"}).succeeds()
    expect((place / "one.csv").read_bytes() == (place / "two.csv").read_bytes(), "other bytes")
    alone = predict(place, clip(place), "--json").succeeds()
    many = predict(place, clip(place), clip(place, "Shrinking"), "--json").succeeds()
    expect(json.loads(alone.out)["clips"][0] == json.loads(many.out)["clips"][0], alone, many)


@case("clips that cannot be read are named with their reason, the others predicted; the exit code says so")
def _(place):
    result = predict(place, "bad/text.avi", clip(place), "absent.avi", "--csv", "some.csv")
    expect(result.code == 3, "its exit code is not 3:", result)
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    expect(len(errors) == 2 and "bad/text.avi" in errors[0] and "absent.avi" in errors[1], result)
    expect([row["clip"] for row in rows(place / "some.csv")] == [str(clip(place))], "the rest is lost")
    machine = predict(place, "bad/text.avi", clip(place), "--json")
    expect(machine.code == 3, machine)
    document = json.loads(machine.out)
    expect([entry["clip"] for entry in document["failed"]] == ["bad/text.avi"], document)
    expect("not a video" in document["failed"][0]["reason"], document)
    with LeavesNoFile(place, "none.csv"):
        expect(predict(place, "bad/text.avi", "--csv", "none.csv").code == 1, "no clip at all")


@case("a threshold that no class reaches says that nothing is happening")
def _(place):
    result = predict(place, clip(place), "--threshold", 1, "--nothing", "idle", "--json").succeeds()
    expect(json.loads(result.out)["clips"][0]["label"] == "idle", result)
    result = predict(place, clip(place), "--json").succeeds()
    expect(json.loads(result.out)["clips"][0]["abstained"] is False, result)


@case("GIFs and videos of several clips lie in their folder, whatever the clips are called")
def _(place):
    (place / "names/a").mkdir(parents=True)
    (place / "names/b").mkdir(parents=True)
    shutil.copy(clip(place), place / "names/a/x.avi")
    shutil.copy(clip(place), place / "names/b/x.avi")
    shutil.copy(clip(place), place / "names/b/..avi")
    shutil.copy(clip(place), place / "names/b/..\n..\\y.avi")
    clips = ["names/a/x.avi", "names/b/x.avi", "names/b/..avi", "names/b/..\n..\\y.avi", "names/a/../b/x.avi"]
    with LeavesNoFile(place, "gifs/", "drawn/"):
        predict(place, *clips, "--gif", "gifs").succeeds()
        predict(place, *clips, "--video", "drawn").succeeds()
    expect(len(place.files("gifs")) == 5 and len(place.files("drawn")) == 5, place.files("gifs"), place.files("drawn"))
    for name in place.files("gifs"):
        expect((place / "gifs" / name).read_bytes().startswith(b"GIF89a"), name)


# --- time lines ---------------------------------------------------------------------------------------------------------


@case("a time line holds every frame without gap, alike for any number of threads")
def _(place):
    predict(place, clip(place), clip(place, "Shrinking"), "--timeline", "--csv", "line.csv", "--jsonl",
            "line.jsonl").succeeds()
    lines = rows(place / "line.csv")
    for name in ("Growing", "Shrinking"):
        expect_whole([row for row in lines if row["clip"] == str(clip(place, name))], FRAMES, FRAMES / RATE)
    expect(len(lines) == len((place / "line.jsonl").read_text().splitlines()), "other lines as JSON")
    for threads in (1, 2):
        predict(place, clip(place), clip(place, "Shrinking"), "--timeline", "--csv", "again.csv",
                environment={"RCAR_NUM_THREADS": str(threads)}).succeeds()
        expect((place / "again.csv").read_bytes() == (place / "line.csv").read_bytes(), "other bytes with", threads)


@case("a clip as long as the window has the label and probability that one label a clip gives")
def _(place):
    one = json.loads(predict(place, clip(place), "--json").succeeds().out)["clips"][0]
    # The window's 20 frames are the clip's first 20 where the head runs but once, when it is full.
    line = predict(place, clip(place), "--timeline", "--smooth", 0, "--threshold", 0, "--every", 41, "--json").succeeds()
    segments = json.loads(line.out)["clips"][0]["segments"]
    expect(len(segments) == 1 and segments[0]["label"] == one["label"], segments, one)
    expect(abs(segments[0]["mean_probability"] - one["probability"]) < 1e-7, segments, one)
    place.run("generate_clips", "--out", "short", "--clips-per-class", 1, "--frames", 9, "--size", "64x64").succeeds()
    shorter = next((place / "short").rglob("*.avi"))
    whole = json.loads(predict(place, shorter, "--json").succeeds().out)["clips"][0]
    line = predict(place, shorter, "--timeline", "--smooth", 0, "--threshold", 0, "--json").succeeds()
    segment = json.loads(line.out)["clips"][0]["segments"][0]
    expect(segment["label"] == whole["label"] and abs(segment["mean_probability"] - whole["probability"]) < 1e-7,
           segment, whole)


@case("a model that saw frames over whole clips gets them spread over the window's seconds")
def _(place):
    spread = predict(place, clip(place), "--timeline", "--window", 10, "--json", model="uniform/model.rcar").succeeds()
    expect(json.loads(spread.out)["clips"][0]["predicted_frames"] < FRAMES, spread)
    every = predict(place, clip(place), "--timeline", "--stride", 1, "--json", model="uniform/model.rcar").succeeds()
    expect(json.loads(every.out)["clips"][0]["predicted_frames"] == FRAMES, every)
    third = predict(place, clip(place), "--timeline", "--stride", 3, "--json").succeeds()
    expect(json.loads(third.out)["clips"][0]["predicted_frames"] == FRAMES // 3, third)


@case("a drawn video has the clip's frames, with something drawn along their lower edge")
def _(place):
    predict(place, clip(place), "--video", "drawn.mp4", "--stride", 2).succeeds()
    expect(frames_of(place, "drawn.mp4") == FRAMES, frames_of(place, "drawn.mp4"))
    expect(b"ftyp" in (place / "drawn.mp4").read_bytes()[:16], "no MP4")
    with LeavesNoFile(place):
        predict(place, clip(place), "--video", "drawn.txt").refuses("drawn.txt", code=2)
        predict(place, clip(place), "--video", "absent/drawn.mp4").refuses("absent/drawn.mp4")
        predict(place, "bad/text.avi", "--video", "bad.mp4")


@case("a clip is never overwritten by what is drawn of it")
def _(place):
    (place / "own").mkdir()
    predict(place, clip(place), "--video", "own/drawn.mp4").succeeds()
    shutil.copy(place / "own/drawn.mp4", place / "own/other.mp4")
    with LeavesNoFile(place):
        predict(place, "own/drawn.mp4", "--video", "own/../own/drawn.mp4").refuses("overwritten", code=2)
        predict(place, "own", "--video", "own").refuses("overwritten", code=2)


@case("options that contradict each other, or are no numbers, are wrong usage")
def _(place):
    one = clip(place)
    for options in (["--stride", 2, "--window", 3], ["--smooth", "nan"], ["--threshold", "nan"], ["--threshold", 2],
                    ["--smoothing", "median"], ["--timeline", "--gif", "x.gif"], ["--every", 0], ["--window", -1]):
        with LeavesNoFile(place):
            expect(predict(place, one, *options).code == 2, options)
    predict(place, one, "rtsp://host/x").refuses("stand alone", code=2)
    predict(place, "gopher://host/x").refuses("gopher", code=2)
    predict(place, "file:///etc/passwd").refuses("'file'", code=2)


# --- pipes --------------------------------------------------------------------------------------------------------------


@case("a clip through standard input gives the probabilities and times of its own time line")
def _(place):
    own = json.loads(predict(place, clip(place), "--timeline", "--json").succeeds().out)["clips"][0]
    with open(clip(place), "rb") as file:
        piped = ended(start(place, "-", "--json", stdin=file)).succeeds()
    lines = [json.loads(line) for line in piped.out.splitlines()]
    summary = lines[-1]["summary"]
    expect(summary["frames"] == FRAMES and summary["left_out_frames"] == 0, summary)
    expect(summary["latency_ms"]["median"] > 0 and summary["frames_per_second"] > 0, summary)
    segments = [line["segment"] for line in lines[:-1]]
    expect_whole(segments, FRAMES, FRAMES / RATE)
    expect([s["label"] for s in segments] == [s["label"] for s in own["segments"]], segments, own)


@case("standard input that is empty, or no video, is one line of error")
def _(place):
    ended(start(place, "-")).refuses("standard input")
    with open(place / "bad/text.avi", "rb") as file:
        ended(start(place, "-", "--csv", "x.csv", stdin=file)).refuses("standard input")


@case("Ctrl-C, or SIGTERM, ends a stream at once, and what it wrote is whole")
def _(place):
    for number in (signal.SIGINT, signal.SIGTERM):
        pipe = place / "fifo"
        if not pipe.exists():
            os.mkfifo(pipe)
        process = start(place, "fifo", "--csv", "cut.csv", "--video", "cut.mp4", "--json")
        with open(pipe, "wb") as writer:
            writer.write(clip(place).read_bytes())
            writer.flush()
            seen, until = 0, time.monotonic() + 60
            while seen < 10 and time.monotonic() < until:  # the video is begun with the first label; before that tried out
                seen = seen + 1 if list(place.folder.glob("cut.mp4.*")) else 0
                time.sleep(0.1)
            # As long as the pipe is open nothing has ended.
            expect(process.poll() is None, "it ended by itself")
            process.send_signal(number)
            result = ended(process, 30).succeeds()
        summary = json.loads(result.out.splitlines()[-1])["summary"]
        expect(0 < summary["predicted_frames"] <= FRAMES, summary)
        expect_whole(rows(place / "cut.csv"), summary["predicted_frames"])
        expect(frames_of(place, "cut.mp4") > 0, "the drawn video is not whole")
        expect(not list(place.folder.glob("cut.mp4.*")), "half a video is left")
        (place / "cut.mp4").unlink()


# --- servers ------------------------------------------------------------------------------------------------------------


class DroppingServer:
    """A camera's server: each connection gets a clip, paced, from its start, and is cut off in the middle; between two
    of them the port is closed for a while."""

    def __init__(self, content, connections, share, seconds, away_s):
        self.content, self.connections, self.share, self.seconds, self.away_s = content, connections, share, seconds, away_s
        self.served = 0
        self.stopped = False
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while self.served < self.connections and not self.stopped:
            with socket.create_server(("127.0.0.1", self.port)) as listener:
                listener.settimeout(60)
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    return
            with connection:
                self.send(connection)
            self.served += 1
            time.sleep(self.away_s)

    def send(self, connection):
        end, pieces = int(len(self.content) * self.share), 40
        try:
            connection.recv(65536)  # of HTTP
            connection.sendall(b"HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Type: video/avi\r\n\r\n")
            for i in range(pieces):
                connection.sendall(self.content[end * i // pieces:end * (i + 1) // pieces])
                time.sleep(self.seconds / pieces)
            if self.share == 1:  # an end, no break: until the other side has read it all
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(60)
                while connection.recv(65536):
                    pass
        except OSError:
            pass


@case("a camera's server that drops out and comes back is opened again, and a window never spans the gap")
def _(place):
    server = DroppingServer(clip(place).read_bytes(), connections=3, share=0.7, seconds=2, away_s=0.3)
    result = ended(start(place, f"http://me:secret@127.0.0.1:{server.port}/camera", "--csv", "drops.csv", "--jsonl",
                         "drops.jsonl", "--give-up-after", 4, "--json"))
    expect(result.code == 1 and "given up" in result.err.splitlines()[-1], result)
    expect(server.served == 3, server.served, result)
    expect("secret" not in result.err + result.out, "the password is shown:", result)
    expect(result.err.count("dropped out") == 3 and result.err.count("is back after") == 2, result)
    segments = rows(place / "drops.csv")
    lines = [json.loads(line) for line in (place / "drops.jsonl").read_text().splitlines()]
    expect(len(segments) == len(lines) and len(segments) >= 3, segments)
    gaps = [float(b["start_s"]) - float(a["end_s"]) for a, b in zip(segments, segments[1:])]
    expect(sum(gap > 0.2 for gap in gaps) == 2, "not two gaps in", segments)


class RtspCamera(DroppingServer):
    """Speaks as much RTSP as a camera that sends MPEG-TS in RTP over the RTSP connection itself (RFC 2326, 2250, 3551)."""

    def send(self, connection):
        reader, line = connection.makefile("rb"), b" "
        try:
            while line:
                request = []
                while (line := reader.readline().strip()):
                    request.append(line.decode())
                if not request:
                    return
                method = request[0].split()[0]
                number = next(each for each in request if each.lower().startswith("cseq"))
                headers, body = {"OPTIONS": ("Public: DESCRIBE, SETUP, PLAY\r\n", ""), "DESCRIBE": (
                    "Content-Type: application/sdp\r\n",
                    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track\r\n"),
                    "SETUP": ("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n", "")}.get(
                        method, ("Session: 1\r\n", ""))
                length = f"Content-Length: {len(body)}\r\n" if body else ""
                connection.sendall(f"RTSP/1.0 200 OK\r\n{number}\r\n{headers}{length}\r\n{body}".encode())
                line = b" "
                if method == "PLAY":
                    return self.play(connection)
        except OSError:
            pass

    def play(self, connection):
        end, piece = int(len(self.content) * self.share), 7 * 188
        pieces = range(0, end, piece)
        for i, at in enumerate(pieces):
            packet = struct.pack(">BBHII", 0x80, 33, i & 0xFFFF, int(90000 * self.seconds * i / len(pieces)), 7)
            packet += self.content[at:at + piece]
            connection.sendall(b"$\0" + struct.pack(">H", len(packet)) + packet)
            time.sleep(self.seconds / len(pieces))


@case("an RTSP camera is watched, and opened again when it drops out")
def _(place):
    predict(place, clip(place), "--video", "camera.ts").succeeds()
    camera = RtspCamera((place / "camera.ts").read_bytes(), connections=2, share=0.8, seconds=4, away_s=0.2)
    result = ended(start(place, f"rtsp://me:secret@127.0.0.1:{camera.port}/camera", "--give-up-after", 4, "--json"))
    expect(camera.served == 2 and result.err.count("dropped out") == 2, camera.served, result)
    expect("is back after" in result.err and "secret" not in result.err + result.out, result)
    segments = [json.loads(line)["segment"] for line in result.out.splitlines() if "segment" in line]
    expect(sum(segment["frames"] for segment in segments) > FRAMES // 2, segments)


@case("a server that is not there is an error at once; one that comes later is waited for, if asked")
def _(place):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    predict(place, f"http://127.0.0.1:{port}/x").refuses("Cannot open", "refused")
    started = time.monotonic()
    result = predict(place, f"http://127.0.0.1:{port}/x", "--give-up-after", 1)
    expect(result.code == 1 and "given up" in result.err and time.monotonic() - started < 20, result)
    expect("opened again" in result.err, result)


@case("a server that accepts and says nothing has dropped out after --timeout")
def _(place):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = time.monotonic()
        predict(place, f"tcp://127.0.0.1:{listener.getsockname()[1]}", "--timeout", 1).refuses("within 1 s")
        expect(time.monotonic() - started < 30, "it waited", time.monotonic() - started)


@case("a file that a web server hands out is read once and whole, nothing left out")
def _(place):
    handler = lambda *arguments: QuietHandler(*arguments, directory=str(clip(place).parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        result = predict(place, f"http://127.0.0.1:{server.server_address[1]}/{clip(place).name}", "--json").succeeds()
        server.shutdown()
    lines = [json.loads(line) for line in result.out.splitlines()]
    expect(lines[-1]["summary"]["left_out_frames"] == 0, lines[-1])
    expect_whole([line["segment"] for line in lines[:-1]], FRAMES, FRAMES / RATE)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@case("a live source that is faster than the network loses old frames, counted, and never waits")
def _(place):
    server = DroppingServer(clip(place).read_bytes(), connections=1, share=1, seconds=0.01, away_s=0)
    result = ended(start(place, f"http://127.0.0.1:{server.port}/camera", "--once", "--json")).succeeds()
    summary = json.loads(result.out.splitlines()[-1])["summary"]
    expect(summary["frames"] == FRAMES, summary)
    expect(summary["predicted_frames"] + summary["left_out_frames"] == FRAMES, summary)


@case("a camera that is not there, or is none, is one line of error")
def _(place):
    predict(place, "/dev/video99").refuses("/dev/video99", "No such file")
    predict(place, 98).refuses("/dev/video98")
    predict(place, "/dev/null").refuses("/dev/null")


if __name__ == "__main__":
    PROGRAMS.clear()
    PROGRAMS.update({"tools": ["rcar", "generate_clips"], "tests": ["draw_weights"]})
    sys.exit(main(prepare, "checks what rcar predict says of clips and streams"))
