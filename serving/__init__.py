"""Answers the storefront: which of these offers leave the most in the till, once returns are counted?"""
