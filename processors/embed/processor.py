"""Sentence embeddings on a torch device: tokenise, encode, average over the tokens, normalise.

As sentence-transformers runs this model: a text of more than 256 tokens is cut after the 256th.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

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

# A CPU pays for every padded token, a GPU for every launch: most tokens of a bucket, most padding.
_CPU_BUCKET, _CUDA_BUCKET = (4_096, 0.1), (16_384, 1.0)
_WARM_BATCHES = (["A sentence."], ["words " * 300], ["A sentence."] * 2, [*["words " * 100] * 15, "words " * 95])


class Inputs(NamedTuple):
    """A bucket: a table with each row's length and then its token ids, whether rows are padded, and the lengths."""

    table: Upload
    padded: bool
    lengths: list[int]


class Embed(TorchProcessor):
    """Answers with 384 floats of length 1, and how many tokens the text had.

    Options: `bucket_tokens`, the most tokens of a bucket, padding included; `padding`, the share of it that may be.
    """

    quantizable = True

    def __init__(self, device: DeviceSettings) -> None:
        super().__init__(device)
        defaults = _CUDA_BUCKET if self.device.cuda else _CPU_BUCKET
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
        """One text, several of one length, and several with padding: a compiled network is another for each."""
        for texts in _WARM_BATCHES:
            for bucket in self.prepare(texts):
                self.finish(bucket, self.compute(bucket))

    def prepare(self, batch: Sequence[str]) -> list[Bucket]:
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(batch))]
        grouped = buckets([len(each) for each in ids], self.bucket_tokens, self.padding)
        return [Bucket(rows, self._inputs([ids[row] for row in rows])) for rows in grouped]

    @torch.inference_mode()
    def compute(self, bucket: Bucket) -> Download:
        inputs: Inputs = bucket.inputs
        table = self.device.receive(inputs.table)
        ids, lengths = table[:, 1:], table[:, 0] if inputs.padded else None
        return self.device.download(self.network(ids, lengths))

    def finish(self, bucket: Bucket, computed: Download) -> Embeddings:
        inputs: Inputs = bucket.inputs
        return Embeddings(self.device.wait(computed).numpy(), inputs.lengths)

    def _inputs(self, ids: list[list[int]]) -> Inputs:
        lengths = [len(each) for each in ids]
        table = np.zeros((len(ids), 1 + max(lengths)), np.int32)
        table[:, 0] = lengths
        for row, each in zip(table, ids, strict=True):
            row[1 : 1 + len(each)] = each
        return Inputs(self.device.upload(torch.from_numpy(table)), min(lengths) < max(lengths), lengths)
