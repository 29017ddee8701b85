"""The parts for LangChain apps: a retriever, a vector store, embeddings."""
