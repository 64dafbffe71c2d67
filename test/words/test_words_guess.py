"""Guesses at what unknown objects are: known answers of the rules, the fitted map, and an image model."""

import dataclasses

import numpy as np
import pytest
from colour_model import colour_bundle
from mean_colour import BLUE, GREEN, RED, image_model, names_file
from mean_colour import plain_image_model as plain

from osis_ros.inference.bundle import Bundle
from osis_ros.inference.segmenter import Segmenter
from osis_ros.words.embedding_map import EmbeddingMap, fit_map, read_map, unit, write_map
from osis_ros.words.guess import NONE, Bank, GuessError, GuessRules, bank_of, guess
from osis_ros.words.guesser import Guesser
from osis_ros.words.image_tower import ImageTower
from osis_ros.words.names_file import NamedVectors

RULES = GuessRules(temperature=0.1, threshold=0.3, margin=1.5, penalty=0.2)


def bank(*marks: str) -> Bank:
    """Names a, b, c at right angles to each other; of each, whether it is trained (t) or nothing (n)."""
    marks = (*marks, "", "", "")[:3]
    trained, nothing = (np.array([mark == kind for mark in marks]) for kind in "tn")
    return Bank(("a", "b", "c"), np.eye(3, dtype=np.float32), trained, nothing)


@pytest.mark.parametrize(
    ("cosines", "names", "index", "score"),
    [
        ((0.5, 0.4, 0.1), bank(), 0, 0.7214),
        ((0.5, 0.48, 0.1), bank(), NONE, 0),  # 1.22 times as probable as the second, not 1.5
        ((0.25, 0, 0), bank(), NONE, 0),  # below the threshold
        ((0.5, 0.4, 0.1), bank("t"), 1, 0.7054),  # the first loses 0.2
        ((0.45, 0.25, 0.1), bank("t"), NONE, 0),  # 0.25 each
        ((0.5, 0.4, 0.1), bank("n"), NONE, 0),  # what fits best stands for no object
        ((0.5, 0.4, 0.1), bank("", "n"), 0, 0.7214),
        ((0, 0, 0), bank(), NONE, 0),  # an object of which nothing is known
    ],
)
def test_a_name_must_fit_well_and_better_than_the_second(cosines, names, index, score):
    found = guess(np.array([cosines], np.float32), names, RULES)
    assert found.index.tolist() == [index]
    assert found.scores[0] == pytest.approx(score, abs=1e-4)


def test_known_classes_are_left_out_of_the_choice():
    named = NamedVectors(("a", "b", "c"), np.eye(3, dtype=np.float32), "three.npz")
    left = bank_of(named, known=("a", "z"), trained=("b",), nothing=("c",))
    assert (left.names, left.trained.tolist(), left.nothing.tolist()) == (("b", "c"), [True, False], [False, True])
    found = guess(np.array([[0.5, 0.4, 0.1]], np.float32), bank_of(named, known=("a",)), RULES)
    assert (found.index[0], found.scores[0]) == (0, pytest.approx(0.9526, abs=1e-4))
    assert len(guess(np.zeros((0, 3), np.float32), left, RULES).index) == 0


def test_one_name_alone_needs_the_threshold():
    named = NamedVectors(("a",), np.array([[1, 0]], np.float32), "one.npz")
    found = guess(np.array([[0.29, 0.9], [0.31, 0.9]], np.float32), bank_of(named, known=()), RULES)
    assert found.index.tolist() == [NONE, 0]
    assert found.scores.tolist() == [0, 1]


def test_the_order_of_names_and_one_more_at_right_angles_change_no_cosine_and_no_name():
    random = np.random.default_rng(0)
    vectors = unit(np.pad(random.normal(size=(6, 5)), ((0, 0), (0, 1))))
    objects = unit(vectors[:4] + 0.1 * np.pad(random.normal(size=(4, 5)), ((0, 0), (0, 1))))
    names = tuple("uvwxyz")
    first = bank_of(NamedVectors(names, vectors, ""), ())
    turned = bank_of(NamedVectors(names[::-1], vectors[::-1], ""), ())
    more = bank_of(NamedVectors((*names, "more"), np.vstack((vectors, np.eye(6, dtype=np.float32)[5])), ""), ())
    found = [guess(objects, one, RULES) for one in (first, turned, more)]
    assert [[one.names[i] for i in made.index] for one, made in zip((first, turned, more), found, strict=True)] == [
        list("uvwx")
    ] * 3
    np.testing.assert_allclose(found[0].scores, found[1].scores, rtol=1e-5)


@pytest.mark.parametrize(
    ("known", "nothing", "reason"),
    [
        (("a", "b"), (), "no name of three.npz is left to guess"),
        (("a",), ("b",), "no name of three.npz is left to guess"),
        ((), ("table",), "guess.negatives has 'table', which is none of the names in three.npz"),
    ],
)
def test_a_list_that_leaves_nothing_to_guess_is_one_sentence(known, nothing, reason):
    named = NamedVectors(("a", "b"), np.eye(2, dtype=np.float32), "three.npz")
    with pytest.raises(GuessError, match=reason):
        bank_of(named, known, nothing=nothing)


def world(names: int = 20, each: int = 15, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings, labels and vectors in which an embedding is a linear function of the vector of its name."""
    random = np.random.default_rng(1)
    vectors = unit(random.normal(size=(names, 8)))
    labels = np.repeat(np.arange(names), each)
    there = vectors[labels] @ random.normal(size=(8, 16))
    return unit(there + noise * random.normal(size=there.shape)), labels, vectors


def test_a_map_names_objects_of_names_that_it_was_not_fitted_with_where_looks_follow_the_vectors():
    embeddings, labels, vectors = world()
    names = tuple(f"n{i}" for i in range(20))
    found, fit = fit_map(embeddings, labels, names, vectors, "0" * 64, "made up")
    assert (fit.objects, fit.names, fit.chance) == (300, 20, pytest.approx(0.25))
    assert fit.right > 0.9
    shuffled = vectors[np.random.default_rng(2).permutation(20)]
    _, control = fit_map(embeddings, labels, names, shuffled, "0" * 64, "shuffled")
    assert control.right < 0.5
    assert (found(embeddings) @ vectors.T).argmax(1).tolist() == labels.tolist()
    assert 0 < found.rules.threshold < 1


def test_every_name_counts_the_same_however_many_objects_it_has():
    embeddings, labels, vectors = world(noise=0)
    names = tuple(f"n{i}" for i in range(20))
    once, _ = fit_map(embeddings, labels, names, vectors, "", "")
    many = labels == 3
    again, _ = fit_map(np.vstack((embeddings, *[embeddings[many]] * 9)), np.append(labels, np.repeat(3, 9 * 15)),
                       names, vectors, "", "")  # fmt: skip
    np.testing.assert_allclose(once.matrix, again.matrix, atol=1e-4)


def test_too_few_names_are_one_sentence():
    embeddings, labels, vectors = world()
    with pytest.raises(GuessError, match="60 objects of 4 names were found, expected at least 50 of 10 names"):
        fit_map(embeddings[:60], labels[:60], tuple(f"n{i}" for i in range(20)), vectors, "", "")


def test_a_map_is_read_as_it_was_written_and_another_file_is_one_sentence(tmp_path):
    made = EmbeddingMap(np.eye(3, 2, dtype=np.float32), np.ones(2, np.float32), ("a", "b"), "f" * 64, "w2v", RULES)
    write_map(tmp_path / "map.npz", made)
    read = read_map(tmp_path / "map.npz")
    assert (read.trained, read.model_sha256, read.source, read.rules) == (("a", "b"), "f" * 64, "w2v", RULES)
    np.testing.assert_array_equal(read.matrix, made.matrix)
    with pytest.raises(GuessError, match="no such file; `osis guess-map` makes one"):
        read_map(tmp_path / "gone.npz")
    np.savez(tmp_path / "other.npz", names=np.array(["a"]))
    with pytest.raises(GuessError, match=r"other.npz is no file of `osis guess-map`"):
        read_map(tmp_path / "other.npz")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Bundle:
    return colour_bundle(tmp_path_factory.mktemp("bundle") / "colour")


def scene() -> np.ndarray:
    """A red square, known, and a blue one, unknown, on black."""
    rgb = np.zeros((96, 128, 3), np.uint8)
    rgb[10:40, 10:40], rgb[40:80, 70:110] = (255, 0, 0), (0, 0, 255)
    return rgb


def test_the_crop_is_a_square_around_the_box_in_rgb_with_surroundings(tmp_path):
    tower = ImageTower(plain(tmp_path / "tower.onnx"))
    rgb = np.zeros((200, 200, 3), np.uint8)
    rgb[80:120, 80:120] = (200, 100, 0)
    vector = tower(rgb, np.array([[80, 80, 120, 120]]))
    np.testing.assert_allclose(vector, unit(np.array([[2, 1, 0]])), atol=1e-3)
    assert tower(rgb, np.zeros((0, 4))).shape == (0, 3)
    rgb[:] = 255
    for box in ([0, 0, 30, 60], [190, 190, 200, 200], [0, 0, 200, 200]):  # beyond the image is the mean colour
        assert (tower(rgb, np.array([box])) > 0.5).all()
    seen = []
    tower._run = lambda crops: (seen.append(crops), np.ones((len(crops), 3)))[1]
    rgb[:] = 0
    rgb[80:120, 80:120] = 255
    tower(rgb, np.array([[80, 80, 120, 120]]))
    bright = (seen[0][0, 0] > 0.5).sum()
    assert bright == pytest.approx(256 / 1.3**2, rel=0.2)


def test_pixels_are_normalised_as_the_file_says_or_else_as_clip_does(tmp_path):
    seen = {}
    rgb = np.full((64, 64, 3), 255, np.uint8)
    own = image_model(tmp_path / "own.onnx", mean="1,1,0", std="1,1,2")
    files = {"clip": image_model(tmp_path / "clip.onnx"), "own": own}
    for name, file in files.items():
        tower = ImageTower(file)
        tower._run = lambda crops, name=name: (seen.update({name: crops}), np.ones((len(crops), 3)))[1]
        tower(rgb, np.array([[20, 20, 40, 40]]))
    np.testing.assert_allclose(seen["own"][0, :, 8, 8], [0, 0, 0.5], atol=1e-6)
    expected = [(1 - 0.48145466) / 0.26862954, (1 - 0.4578275) / 0.26130258, (1 - 0.40821073) / 0.27577711]
    np.testing.assert_allclose(seen["clip"][0, :, 8, 8], expected, atol=1e-4)


def test_unknown_objects_get_guesses_and_stay_unknown(bundle, tmp_path):
    names = names_file(tmp_path / "names.npz", tomato=RED, grass=GREEN, sea=BLUE)
    found = Segmenter(bundle).segment(scene())
    guessed = Guesser(bundle, names, image_model=plain(tmp_path / "tower.onnx"))(scene(), found)
    assert guessed.guesses.tolist() == ["", "sea"] if found.unknown[1] else ["sea", ""]
    assert guessed.class_ids.tolist() == found.class_ids.tolist()
    assert guessed.guess_scores[guessed.unknown][0] > 0.9
    assert guessed.guess_scores[~guessed.unknown].tolist() == [0]
    refused = Guesser(bundle, names, image_model=plain(tmp_path / "tower.onnx"), negatives=["sea"])
    assert set(refused(scene(), found).guesses.tolist()) == {""}
    assert refused.names == ("tomato", "grass")


def test_a_map_guesses_by_the_embeddings(bundle, tmp_path):
    """The colour model's embeddings are the colours themselves."""
    names = names_file(tmp_path / "names.npz", tomato=RED, grass=GREEN, sea=BLUE)
    made = EmbeddingMap(np.eye(3, dtype=np.float32), np.zeros(3, np.float32), ("sea",), bundle.manifest.sha256, "",
                        GuessRules(threshold=0.9, penalty=0.0))  # fmt: skip
    for penalty, expected in ((0.0, "sea"), (0.2, "")):  # sea was trained with: its cosine falls from 1 to 0.8
        write_map(tmp_path / "map.npz", dataclasses.replace(made, rules=GuessRules(threshold=0.9, penalty=penalty)))
        guesser = Guesser(bundle, names, embedding_map=tmp_path / "map.npz")
        found = guesser(scene(), Segmenter(bundle).segment(scene()))
        assert found.guesses[found.unknown].tolist() == [expected]


def test_files_that_do_not_fit_are_one_sentence(bundle, tmp_path):
    names = names_file(tmp_path / "names.npz", tomato=RED, grass=GREEN)
    longer = names_file(tmp_path / "longer.npz", tomato=np.eye(4)[0], grass=np.eye(4)[1])
    tower = plain(tmp_path / "tower.onnx")
    write_map(tmp_path / "map.npz", EmbeddingMap(np.eye(3), np.zeros(3), (), "0" * 64, "", RULES))
    for given, reason in [
        ({"image_model": tower, "names_file": longer}, "longer.npz have 4 numbers, but .*onnx makes vectors of 3"),
        ({"embedding_map": tmp_path / "map.npz"}, "map.npz was made for another model than 'colour'"),
        ({"embedding_map": tmp_path / "map.npz", "image_model": tower}, "and not both"),
        ({}, "guesses need either guess.map"),
        ({"image_model": tmp_path / "gone.onnx"}, "gone.onnx: no such file"),
        ({"image_model": bundle.model_file}, "expected one input tensor"),
        ({"image_model": names}, "names.npz does not run"),
        ({"image_model": image_model(tmp_path / "any.onnx", "S")}, "expected a square of fixed size"),
        ({"image_model": image_model(tmp_path / "mean.onnx", mean="1,2")}, "mean '1,2', expected three numbers"),
    ]:
        with pytest.raises(GuessError, match=reason):
            Guesser(bundle, **{"names_file": names, **given})
