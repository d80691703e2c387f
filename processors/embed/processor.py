"""Sentence embeddings on a torch device: tokenise, encode, average over the tokens, normalise.

As sentence-transformers runs this model: a text of more than 256 tokens is cut after the 256th.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from processors import manifest
from processors.contract import Bucket, DeviceSettings
from processors.embed.buckets import buckets
from processors.embed.declaration import MOST_TOKENS
from processors.embed.encoder import Encoder, EncoderShape, from_reference
from processors.embed.wire import Embeddings
from processors.torch_device import Download, Upload
from processors.torch_processor import TorchProcessor, load_weights
from processors.weights import read_verified

FOLDER = Path(__file__).parent

_WARM_TEXTS = ["A sentence.", "A sentence of some more words, as most of them are. " * 3, "words " * 300]


class Embed(TorchProcessor):
    """Answers with 384 floats of length 1, and how many tokens the text had.

    Options: `bucket_tokens`, the most tokens of a bucket, padding included; `padding`, the share of it that may be.
    """

    def __init__(self, device: DeviceSettings) -> None:
        super().__init__(device)
        defaults = (65_536, 0.25) if self.device.cuda else (2_048, 0.1)
        self.bucket_tokens = int(device.options.get("bucket_tokens", defaults[0]))
        self.padding = float(device.options.get("padding", defaults[1]))

    def load(self) -> None:
        model = manifest.read(FOLDER)
        folder = manifest.files_folder(model, FOLDER)
        config = json.loads(read_verified(folder, model.files["config"]))
        shape = EncoderShape(**{name: config[name] for name in EncoderShape.__dataclass_fields__})
        network = Encoder(shape)
        network.load_state_dict(from_reference(load_weights(model, FOLDER), shape.num_hidden_layers))
        self.network = self.place(network)
        self.tokenizer = Tokenizer.from_buffer(read_verified(folder, model.files["tokenizer"]))
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self.tokenizer.no_padding()

    def warm(self) -> None:
        for texts in ([text] for text in _WARM_TEXTS):
            for bucket in self.prepare(texts):
                self.finish(bucket, self.compute(bucket))

    def prepare(self, batch: Sequence[str]) -> list[Bucket]:
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(batch))]
        lengths = [len(each) for each in ids]
        grouped = buckets(lengths, self.bucket_tokens, self.padding)
        return [Bucket(rows, self._inputs([ids[row] for row in rows])) for rows in grouped]

    @torch.inference_mode()
    def compute(self, bucket: Bucket) -> Download:
        ids, lengths, _ = bucket.inputs
        received = self.device.receive(ids)
        if lengths is None:
            return self.device.download(self.network(received))
        return self.device.download(self.network(received, self.device.receive(lengths)))

    def finish(self, bucket: Bucket, computed: Download) -> Embeddings:
        return Embeddings(self.device.wait(computed).numpy(), bucket.inputs[2])

    def _inputs(self, ids: list[list[int]]) -> tuple[Upload, Upload | None, list[int]]:
        """Padded ids, lengths unless there is no padding, and the lengths as they are answered."""
        lengths = [len(each) for each in ids]
        padded: np.ndarray[Any, np.dtype[np.int64]] = np.zeros((len(ids), max(lengths)), np.int64)
        for row, each in enumerate(ids):
            padded[row, : len(each)] = each
        upload = self.device.upload(torch.from_numpy(padded))
        if min(lengths) == max(lengths):
            return upload, None, lengths
        return upload, self.device.upload(torch.tensor(lengths)), lengths
