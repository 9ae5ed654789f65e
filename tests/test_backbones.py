"""The tables are true of the modules, the stages compute what the whole did, and weights arrive whole or not at all."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import tl_core.networks
from scripts.make_network_tables import ENTRIES, stage_rows, torchvision_table, write_demo_table
from tests.serving import Server, serving
from tl_core.backbones import DemoArchitecture, build_stages, demo_stages, fetch_weights
from tl_core.errors import NetworkError, WeightsMissing
from tl_core.networks import Network, get_network, networks
from tl_core.paths import ROOT
from tl_core.torchvision_stages import ADAPTERS, build_model, take_apart

torch.set_num_threads(1)

OWN = [name for name, network in networks().items() if network.builtin]
NAMES = [*OWN, *ADAPTERS]


def test_catalogue_holds_every_network_we_can_build() -> None:
    assert set(networks()) == set(NAMES)
    assert list(ENTRIES) == list(ADAPTERS)


@pytest.mark.parametrize("name", ADAPTERS)
def test_table_is_what_the_script_writes(name: str) -> None:
    rows = {row["name"]: row for row in json.loads((ROOT / "assets" / "networks.json").read_text())}
    assert rows[name] == torchvision_table(name, ENTRIES[name])


@pytest.mark.parametrize("name", NAMES)
def test_table_equals_modules(name: str) -> None:
    network = get_network(name)
    with torch.device("meta"):
        stages = build_stages(network, pretrained=False)
    words = {stage.name: (stage.title, stage.detects) for stage in network.stages}
    measured = stage_rows(stages, network.input_size, words)
    assert [(s.name, s.output_shape, s.num_weights, s.has_bn) for s in network.stages] == [
        (row["name"], tuple(row["output_shape"]), row["num_weights"], row["has_bn"]) for row in measured
    ]
    assert type(stages[-1]) is nn.Linear
    assert network.stages[-1].output_shape == (network.num_classes,)
    assert len(network.stages[-2].output_shape) == 1
    assert 5 <= len(network.stages) <= 8
    assert 0 < network.index(network.early_cut) + 1 < len(network.stages) / 2


@pytest.mark.parametrize("name", ADAPTERS)
def test_stages_compute_what_torchvision_does(name: str) -> None:
    torch.manual_seed(0)
    model = build_model(name, 1000).eval()
    stages = take_apart(name, model).eval()
    nn.init.normal_(stages[-1].weight, std=0.02)  # torchvision starts the transformer's last layer at zero
    images = torch.randn(1, 3, 224, 224)
    assert {id(p) for p in stages.parameters()} == {id(p) for p in model.parameters()}
    with torch.no_grad():
        values, expected = images, model(images)
        for stage in stages:
            before = values.clone()
            output = stage(values)
            assert torch.equal(values, before), "a stage must leave what it is given alone"
            values = output
    assert expected.std() > 0
    torch.testing.assert_close(values, expected, rtol=1e-5, atol=1e-5)


def test_seed_makes_the_weights_and_leaves_the_random_state() -> None:
    network = get_network("mobilenet_v3_small")
    state = torch.get_rng_state()
    first, second, other = (build_stages(network, pretrained=False, seed=seed)[0][0][0].weight for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


# ---- the demonstration network


def test_demo_state_dict_reads_well() -> None:
    keys = set(demo_stages(DemoArchitecture(), 58).state_dict())
    assert {"conv1.conv.weight", "conv1.bn.weight", "fc1.linear.weight", "fc3.weight", "fc3.bias"} <= keys
    assert "conv1.conv.bias" not in keys


def test_demo_reads_its_architecture_and_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    architecture = DemoArchitecture((8, 12, 16), (3, 5, 3), (20, 24), dropout=0.1)
    write_demo_table(tmp_path / "demo.json", architecture, 7, 0.5, {"seed": 3}, classes="7 kinds", input_size=64)
    (tmp_path / "networks.json").write_text("[]")
    monkeypatch.setattr(tl_core.networks, "ASSETS", tmp_path)
    network = get_network("demo")
    assert (network.accuracy, network.stages[-1].detects) == (0.5, "7 kinds")
    with pytest.raises(WeightsMissing, match="restore"):
        build_stages(network, pretrained=True)
    trained = demo_stages(architecture, 7, 64).eval()
    save_file(trained.state_dict(), network.weights_path)
    loaded = build_stages(network, pretrained=True).eval()
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(loaded(images), trained(images))
    assert [tuple(stage.output_shape) for stage in network.stages][2] == (16, 8, 8)
    network.weights_path.write_bytes(b"not safetensors")
    with pytest.raises(NetworkError, match="damaged"):
        build_stages(network, pretrained=True)


# ---- downloads


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TL_WEIGHTS_DIR", str(tmp_path / "weights"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving() as server:
        server.content = os.urandom(700_000)
        monkeypatch.setenv("TL_WEIGHTS_URL", server.url + "/models/")
        yield server


def network_of(content: bytes) -> Network:
    digits = hashlib.sha256(content).hexdigest()[:8]
    return replace(get_network("mobilenet_v3_small"), weights_file=f"tiny-{digits}.pth")


def part_of(network: Network) -> Path:
    return network.weights_path.with_name(network.weights_file + ".part")


def test_fetch_brings_the_file_once(server: Server) -> None:
    network = network_of(server.content)
    seen: list[tuple[int, int]] = []
    assert not network.present
    assert fetch_weights(network, lambda done, total: seen.append((done, total))) == network.weights_path
    assert network.weights_path.read_bytes() == server.content
    assert seen == sorted(seen)
    assert seen[-1] == (700_000, 700_000)
    assert not part_of(network).exists()
    fetch_weights(network)
    assert server.ranges == [None]


def test_a_cut_connection_is_taken_up_at_once(server: Server) -> None:
    network = network_of(server.content)
    server.cuts = [100_000, 50_000]
    fetch_weights(network)
    assert network.weights_path.read_bytes() == server.content
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_half_a_download_is_kept_but_does_not_count(server: Server) -> None:
    network = network_of(server.content)
    server.cuts = [100_000, 0]
    with pytest.raises(WeightsMissing, match="cut after 100,000 bytes"):
        fetch_weights(network)
    assert not network.present
    assert part_of(network).read_bytes() == server.content[:100_000]
    seen: list[int] = []
    fetch_weights(network, lambda done, total: seen.append(done))
    assert network.weights_path.read_bytes() == server.content
    assert server.ranges[-1] == "bytes=100000-"
    assert seen[0] > 100_000


@pytest.mark.parametrize("kept", [700_000, 800_000], ids=["whole", "too long"])
def test_a_part_with_nothing_missing(server: Server, kept: int) -> None:
    network = network_of(server.content)
    part_of(network).parent.mkdir()
    part_of(network).write_bytes((server.content + bytes(100_000))[:kept])
    fetch_weights(network)
    assert network.weights_path.read_bytes() == server.content


def test_a_server_that_cannot_resume_starts_again(server: Server) -> None:
    network = network_of(server.content)
    server.ignore_range = True
    server.cuts = [100_000]
    fetch_weights(network)
    assert network.weights_path.read_bytes() == server.content


def test_wrong_checksum_is_deleted(server: Server) -> None:
    network = network_of(b"something else")
    with pytest.raises(WeightsMissing, match="not the official one"):
        fetch_weights(network)
    assert not network.present
    assert not part_of(network).exists()


def test_two_at_once_download_once(server: Server) -> None:
    network = network_of(server.content)
    threads = [threading.Thread(target=fetch_weights, args=(network,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert network.weights_path.read_bytes() == server.content
    assert server.ranges == [None]


def check_sentence(text: str, network: Network) -> None:
    for part in (network.title, "10 MB", f"python -m tl_core fetch {network.name}", network.weights_file):
        assert part in text
    assert text.endswith(".")
    assert "\n" not in text
    assert ". " not in text


def test_no_network_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("TL_WEIGHTS_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        network = get_network("mobilenet_v3_small")
        with pytest.raises(WeightsMissing, match="refused") as caught:
            build_stages(network, pretrained=True)
    check_sentence(str(caught.value), network)


def test_server_without_the_file(server: Server) -> None:
    server.status = 404
    network = network_of(server.content)
    with pytest.raises(WeightsMissing, match="404") as caught:
        fetch_weights(network)
    check_sentence(str(caught.value), network)


def test_pretrained_weights_arrive_in_the_stages(server: Server, tmp_path: Path) -> None:
    model = build_model("mobilenet_v3_small", 1000).eval()
    for buffer in model.buffers():  # statistics unlike those of a fresh network
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    torch.save(model.state_dict(), tmp_path / "weights.pth")
    server.content = (tmp_path / "weights.pth").read_bytes()
    state = torch.get_rng_state()
    stages = build_stages(network_of(server.content), pretrained=True).eval()
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(t.is_meta for t in [*stages.parameters(), *stages.buffers()])
    assert all(parameter.requires_grad for parameter in stages.parameters())
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(stages(images), model(images), rtol=1e-5, atol=1e-5)


def test_weights_of_before_batchnorm_counted_batches() -> None:
    """The official files of torchvision's early networks have no `num_batches_tracked`."""
    network = get_network("resnet18")
    model = build_model("resnet18", 1000)
    network.weights_path.parent.mkdir()
    weights = {key: value for key, value in model.state_dict().items() if not key.endswith("num_batches_tracked")}
    torch.save(weights, network.weights_path)
    stages = build_stages(network, pretrained=True)
    assert not any(t.is_meta for t in [*stages.parameters(), *stages.buffers()])


@pytest.mark.parametrize("content", ["text", "other network", "code"])
def test_damaged_weights_say_so(content: str) -> None:
    network = get_network("mobilenet_v3_small")
    path = network.weights_path
    path.parent.mkdir()
    if content == "text":
        path.write_text("<html>Please log in</html>")
    elif content == "other network":
        torch.save({"weight": torch.zeros(1)}, path)
    else:
        torch.save(Path("/tmp"), path)  # a pickled object that is no tensor must not be loaded
    with pytest.raises(NetworkError, match="damaged or belongs to another") as caught:
        build_stages(network, pretrained=True)
    assert len(str(caught.value)) < 400


def test_tables_and_plans_need_no_torch() -> None:
    code = (
        "import sys, tl_core.networks, tl_core.plan; tl_core.networks.networks(); "
        "print([m for m in ('torch', 'torchvision', 'streamlit') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
