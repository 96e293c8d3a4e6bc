config = dict(
    strategy={'mode': "loadbalance"},  # how
    targets=[{'virtual_key': os.environ["KEY"], 'weight': .5}, (1, None), f"@{slug}/m", r"\d"],
    **more)
