# SPDX-License-Identifier: MIT
"""What people write today: FastAPI, and azula's sampler on PyTorch in a thread. With PEER_BATCH=N, requests that come
while it draws wait, and up to N of them are drawn together next."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import torch
from azula.sample import DDIMSampler
from fastapi import FastAPI, Response
from network import SHAPE, denoiser

torch.set_num_threads(int(os.environ["PEER_THREADS"]))
BATCH = int(os.environ.get("PEER_BATCH", "1"))
sampler = DDIMSampler(denoiser(), steps=int(os.environ["PEER_STEPS"]), silent=True)
worker = ThreadPoolExecutor(1)
app = FastAPI()
waiting: asyncio.Queue = asyncio.Queue()


@torch.inference_mode()
def draw(seeds: list[int]) -> list[bytes]:
    noise = [torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return [x.numpy().tobytes() for x in sampler(torch.stack(noise))]


async def serve_batches() -> None:
    loop = asyncio.get_running_loop()
    while True:
        taken = [await waiting.get()]
        while len(taken) < BATCH and not waiting.empty():
            taken.append(waiting.get_nowait())
        drawn = await loop.run_in_executor(worker, draw, [seed for seed, _ in taken])
        for (_, answer), x in zip(taken, drawn, strict=True):
            answer.set_result(x)


@app.on_event("startup")
async def start() -> None:
    draw([0] * BATCH)
    app.state.task = asyncio.create_task(serve_batches())


@app.get("/samples")
async def samples(first: int) -> Response:
    answer = asyncio.get_running_loop().create_future()
    await waiting.put((first, answer))
    return Response(await answer, media_type="application/octet-stream")
