"""Requests to a language model: a trace, its CSV reader, and the workload of a serving machine.

`azure_code_2023.csv` holds 8,819 requests to a code-completion service, sampled in Azure on
2023-11-16. Source: AzurePublicDataset, `data/AzureLLMInferenceTrace_code.csv`, licence CC-BY;
attribution: Patel et al., "Splitwise", ISCA 2024.
"""
