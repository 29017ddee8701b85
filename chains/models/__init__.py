"""Models: from a name, asking one, what providers answer and refuse, retrying.

    question            what is asked, and who may answer: an `Asker`
    asking              the asker that sends each question to its stage's model
    ray_pool, ray_actor the asker that asks models in other processes, on one machine or many
    retrying, throttle  the asker that asks another one again; Retry-After, how many at once
    names, loading      what models are called, and a model from its name
    answering           any model of LangChain, made to answer in one shape
    in_process, ollama  what two kinds of clients need for that
    replies             what models answer, in one shape
    provider_errors     what providers' errors mean
    refused_parameters  parameters that a model refuses are left out

An asker is whatever answers questions one at a time; ours, stored replies and a provider's batch look alike to who asks.
"""

__all__: list[str] = []
